//! Settings by their paths, such as `model.layers`: read from, and written to, the serialised form of a value.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::LinkError;

/// What has settings with paths.
pub trait Tree: Clone + Serialize + DeserializeOwned {}

impl<T: Clone + Serialize + DeserializeOwned> Tree for T {}

/// Sets one setting from the text of a value.
///
/// # Errors
/// When no setting has the path or the value does not fit it; the value is unchanged then.
pub fn set<T: Tree>(of: &mut T, path: &str, value: &str) -> Result<(), LinkError> {
    let unknown = || LinkError::Path(path.into());
    let mut tree = serde_json::to_value(&*of).expect("settings are plain data");
    let (groups, key) = path.rsplit_once('.').map_or((None, path), |(groups, key)| (Some(groups), key));
    let mut group = &mut tree;
    for name in groups.into_iter().flat_map(|groups| groups.split('.')) {
        group = group.get_mut(name).ok_or_else(unknown)?;
    }
    let group = group.as_object_mut().ok_or_else(unknown)?;
    let before = group.get(key);
    let is_known = before.is_some();
    let leaf = match before {
        Some(Value::Object(_)) => return Err(unknown()),
        // Text settings take the value as it is; all others are JSON numbers and booleans.
        Some(Value::String(_)) => Value::String(value.into()),
        _ => serde_json::from_str(value).unwrap_or(Value::Null),
    };
    // Nothing is a value where a setting may be left to the program, and only by its name.
    let is_none = leaf.is_null() && value != "null";
    group.insert(key.into(), leaf);
    let refused = || if is_known { LinkError::Value { path: path.into(), value: value.into() } } else { unknown() };
    let changed: T = serde_json::from_value(tree).ok().filter(|_| !is_none).ok_or_else(refused)?;
    // A setting that another method has is read, and dropped.
    if !is_known && !leaves(&changed).iter().any(|(known, _)| known == path) {
        return Err(unknown());
    }
    *of = changed;
    Ok(())
}

/// Uses assignments `(place, path, value)`; those that could not be used come back with their place.
pub fn assign_each<T: Tree>(of: &mut T, list: &[(usize, &str, &str)]) -> Vec<(usize, LinkError)> {
    let mut refused = Vec::new();
    // Names come first: the name of a method decides which numbers there are.
    for names in [true, false] {
        for (place, path, value) in list {
            if is_text(of, path) == names
                && let Err(error) = set(of, path, value)
            {
                refused.push((*place, error));
            }
        }
    }
    refused
}

/// Whether the setting at a path is a name or another text.
fn is_text<T: Tree>(of: &T, path: &str) -> bool {
    leaves(of).into_iter().any(|(known, value)| known == path && value.is_string())
}

/// Paths and values that turn `base` into `other`: names first, then the numbers that still differ.
pub fn differences<T: Tree>(base: &T, other: &T) -> Vec<(String, String)> {
    let wanted = leaves(other);
    let differs = |known: &[(String, Value)], leaf: &(String, Value)| !known.contains(leaf);
    let before = leaves(base);
    let mut named = base.clone();
    for (path, value) in wanted.iter().filter(|leaf| leaf.1.is_string() && differs(&before, leaf)) {
        // It was read from such a value, so it can be set.
        let _ = set(&mut named, path, &text_of(value));
    }
    let after = leaves(&named);
    let needed = |leaf: &(String, Value)| differs(if leaf.1.is_string() { &before } else { &after }, leaf);
    wanted.into_iter().filter(needed).map(|(path, value)| (path, text_of(&value))).collect()
}

/// Every setting, in the order of the form.
pub fn leaves<T: Tree>(of: &T) -> Vec<(String, Value)> {
    let mut leaves = Vec::new();
    collect(serde_json::to_value(of).expect("settings are plain data"), String::new(), &mut leaves);
    leaves
}

/// A value as a link has it.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        // `3` says as much as `3.0`.
        other => other.to_string().trim_end_matches(".0").into(),
    }
}

fn collect(value: Value, path: String, leaves: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                collect(field, if path.is_empty() { key } else { format!("{path}.{key}") }, leaves);
            }
        }
        leaf => leaves.push((path, leaf)),
    }
}
