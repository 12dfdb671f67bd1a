//! The rules of axe-core, which judge how accessible the page is.

use std::fs;

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::{Page, example::tool};

/// An element that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// The rule, how grave it is, and what it asks for.
    pub rule: String,
    /// Where the element is, what it is, and what is wrong with it.
    pub element: String,
}

/// Judges by WCAG 2.2 AA and by what is good practice beyond it; of each rule it tells the first three elements.
const JUDGE: &str = "const done = arguments[arguments.length - 1]; \
    const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']; \
    const of = (rule, node) => ({ rule: `${rule.id}, ${rule.impact}: ${rule.help}`, \
      element: [node.target.join(' '), node.html, node.failureSummary].join('\\n').replaceAll('\\n', '\\n      ') }); \
    axe.run(document, { runOnly: rules, resultTypes: ['violations'] }) \
      .then((found) => done(found.violations.flatMap((rule) => rule.nodes.slice(0, 3).map((node) => of(rule, node)))), \
            (error) => done(String(error)))";

impl Page {
    /// What of the page as it is breaks a rule of axe-core.
    pub async fn violations(&self) -> anyhow::Result<Vec<Violation>> {
        if self.driver.execute("return typeof axe === 'object'", vec![]).await?.json() == &Value::Bool(false) {
            let script = fs::read_to_string(tool("TAILBLAZER_AXE", "")?).context("the script of axe-core")?;
            self.driver.execute(script, vec![]).await?;
        }
        let found = self.driver.execute_async(JUDGE, vec![]).await?.json().clone();
        ensure!(found.is_array(), "axe-core failed: {found}");
        let text = |element: &Value, key: &str| element[key].as_str().unwrap_or_default().to_owned();
        let violation = |element: &Value| Violation { rule: text(element, "rule"), element: text(element, "element") };
        Ok(found.as_array().into_iter().flatten().map(violation).collect())
    }
}
