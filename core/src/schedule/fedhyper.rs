//! FedHyper (Wang et al. 2023, arXiv:2310.03156): hypergradients for federated averaging, at the server and in the clients.
//!
//! Re-implemented from the released rules. `Delta` is the mean of the clients' models less the old global model. The
//! server's rule for local rates is persistent here; the released code starts it anew in every round, which undoes it.
//! With a gain of 0 they are all federated averaging (McMahan et al. 2017, arXiv:1602.05629).

use serde::{Deserialize, Serialize};

use super::{Progress, Schedule};
use crate::{
    experiment::ScheduleConfig,
    policy::{Description, Knob, Settings},
};

/// Federated averaging under one of the rules: the clients, each with a section of the text, take turns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FedHyper(Rule);

/// [`Rule::Global`] as a schedule.
pub static GLOBAL: FedHyper = FedHyper(Rule::Global);
/// [`Rule::GlobalMomentum`] as a schedule.
pub static GLOBAL_MOMENTUM: FedHyper = FedHyper(Rule::GlobalMomentum);
/// [`Rule::ServerLocal`] as a schedule.
pub static SERVER_LOCAL: FedHyper = FedHyper(Rule::ServerLocal);
/// [`Rule::ClientLocal`] as a schedule.
pub static CLIENT_LOCAL: FedHyper = FedHyper(Rule::ClientLocal);
/// [`Rule::Full`] as a schedule.
pub static FULL: FedHyper = FedHyper(Rule::Full);

/// How a run is spread over clients.
#[derive(Clone, Debug, PartialEq)]
pub struct Federation {
    /// Clients of every round.
    pub clients: usize,
    /// Updates of each client in a round.
    pub local_steps: usize,
    /// Whether a client's optimiser begins every round anew, as in the released code.
    pub forgets: bool,
    rule: Rule,
    settings: Settings,
}

/// Which rates are adapted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rule {
    /// G: the server's step, `w += (1 + agg) * Delta`.
    Global,
    /// GM: the server's step with momentum, `w += (1 + agg) * Delta + 0.9 * agg * last`.
    GlobalMomentum,
    /// SL: the server chooses the clients' rate, `lr = lr0 * (1 + agg)`.
    ServerLocal,
    /// CL: every client scales its own rate after every batch.
    ClientLocal,
    /// GM and CL together.
    Full,
}

const GAIN: Knob = Knob {
    id: "gain",
    name: "Gain",
    unit: "",
    range: 0.0..=100.0,
    is_whole: false,
    default: 1.0,
    summary: "Multiplies every dot product; 0 keeps all rates.",
};

const RELATIVE: Knob = Knob {
    id: "relative",
    name: "Relative",
    unit: "",
    range: 0.0..=1.0,
    is_whole: true,
    default: 1.0,
    summary: "1 divides a dot product by the squared norm of the newer vector, as small models need; 0 takes it as it is.",
};

const CLIENTS: Knob = Knob {
    id: "clients",
    name: "Clients",
    unit: "",
    range: 1.0..=16.0,
    is_whole: true,
    default: 8.0,
    summary: "Each learns a section of the text of its own, in its turn.",
};

const LOCAL_STEPS: Knob = Knob {
    id: "local_steps",
    name: "Local",
    unit: "steps",
    range: 1.0..=1000.0,
    is_whole: true,
    default: 10.0,
    summary: "Updates of a client in a round; after a round of all clients their models are averaged.",
};

const FORGETS: Knob = Knob {
    id: "forgets",
    name: "Forgets",
    unit: "",
    range: 0.0..=1.0,
    is_whole: true,
    default: 1.0,
    summary: "1 begins every client's optimiser anew in each round, as released; 0 lets it go on.",
};

/// One client that never forgets, and is averaged after every step, trains as if there were no server.
const NULL: Option<&[(&str, f64)]> = Some(&[("gain", 0.0), ("clients", 1.0), ("local_steps", 1.0), ("forgets", 0.0)]);
const SOURCE: &str = "Wang et al. 2023, arXiv:2310.03156";

/// A description that differs in names and summary alone.
const fn describe(id: &'static str, name: &'static str, summary: &'static str) -> Description {
    Description {
        id,
        name,
        summary,
        source: SOURCE,
        knobs: &[CLIENTS, LOCAL_STEPS, GAIN, RELATIVE, FORGETS],
        null: NULL,
    }
}

static OF_GLOBAL: Description =
    describe("fedhyper-g", "FedHyper-G", "The server's step grows while the mean updates of successive rounds agree.");
static OF_MOMENTUM: Description = describe(
    "fedhyper-gm",
    "FedHyper-GM",
    "The server's step grows with agreement, and carries the earlier rounds on.",
);
static OF_SERVER: Description =
    describe("fedhyper-sl", "FedHyper-SL", "The server raises the clients' rate while successive rounds agree.");
static OF_CLIENT: Description =
    describe("fedhyper-cl", "FedHyper-CL", "Every client scales its rate by how its steps agree with the last round.");
static OF_ALL: Description =
    describe("fedhyper", "FedHyper", "The server's step and the clients' rates both follow the agreement of updates.");

impl Rule {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Global, Self::GlobalMomentum, Self::ServerLocal, Self::ClientLocal, Self::Full];

    /// What it is and what can be set.
    pub fn description(self) -> &'static Description {
        match self {
            Self::Global => &OF_GLOBAL,
            Self::GlobalMomentum => &OF_MOMENTUM,
            Self::ServerLocal => &OF_SERVER,
            Self::ClientLocal => &OF_CLIENT,
            Self::Full => &OF_ALL,
        }
    }
}

impl Schedule for FedHyper {
    fn description(&self) -> &'static Description {
        self.0.description()
    }

    /// The plan as far as it is known before the run: the peak.
    fn factor(&self, _: &ScheduleConfig, _: Progress) -> f64 {
        1.0
    }

    fn federation(&self, config: &ScheduleConfig) -> Option<Federation> {
        let value = |knob: &Knob| self.0.description().value(&config.knobs, knob.id);
        Some(Federation {
            clients: value(&CLIENTS) as usize,
            local_steps: value(&LOCAL_STEPS) as usize,
            forgets: value(&FORGETS) != 0.0,
            rule: self.0,
            settings: config.knobs.clone(),
        })
    }
}

impl Federation {
    /// Updates of a round.
    pub fn round_steps(&self) -> usize {
        self.clients * self.local_steps
    }

    /// The server's rule before the first round, with rates in units of the schedule's.
    pub fn server(&self) -> Server {
        Server::new(self.rule, &self.settings, 1.0)
    }

    /// The rule of a client before its first batch of a round.
    pub fn client(&self) -> Client {
        Client::new(self.rule, &self.settings, self.clients)
    }

    /// A client's section of a text of which it needs at least `needed` tokens; where the text is too short for all, some
    /// share a section.
    pub fn section<'a>(&self, tokens: &'a [u32], client: usize, needed: usize) -> &'a [u32] {
        let sections = self.clients.min(tokens.len() / needed.max(1)).max(1);
        let begin = |section: usize| section * tokens.len() / sections;
        let section = client % sections;
        &tokens[begin(section)..begin(section + 1)]
    }
}

/// A dot product of an update with an earlier one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Product {
    /// The product itself; 0 where there is no earlier update.
    pub dot: f64,
    /// Squared norm of the newer update.
    pub square: f64,
}

/// How dot products count.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Weight {
    gain: f64,
    is_relative: bool,
}

impl Weight {
    fn new(rule: Rule, settings: &Settings) -> Self {
        let value = |knob: &Knob| rule.description().value(settings, knob.id);
        Self { gain: value(&GAIN), is_relative: value(&RELATIVE) != 0.0 }
    }

    /// The weighted product; 0 for one that is no number.
    fn of(self, product: Product) -> f64 {
        let weighted = self.gain * if self.is_relative { product.dot / product.square } else { product.dot };
        if weighted.is_finite() { weighted } else { 0.0 }
    }
}

/// What the server does after a round.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Round {
    /// What `Delta` is multiplied by before it is added to the global model.
    pub delta: f64,
    /// What the momentum `last` is multiplied by before it is added too; then `last = Delta + 0.9 * last`.
    pub momentum: f64,
    /// The clients' learning rate in the next round.
    pub rate: f64,
}

/// The server's rule: `agg += <Delta_{t-1}, Delta_t>`, clipped to `-0.8..=4` for G and `-0.2..=4` for GM.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Server {
    rule: Rule,
    weight: Weight,
    initial: f64,
    sum: f64,
}

/// What GM keeps of the momentum in a round.
pub const MOMENTUM_KEPT: f64 = 0.9;

impl Server {
    /// The rule before the first round, with the clients' initial learning rate.
    pub fn new(rule: Rule, settings: &Settings, rate: f64) -> Self {
        Self { rule, weight: Weight::new(rule, settings), initial: rate, sum: 0.0 }
    }

    /// Whether it goes by the products of successive rounds.
    pub fn wants_products(&self) -> bool {
        self.rule != Rule::ClientLocal
    }

    /// Whether it carries earlier rounds on.
    pub fn has_momentum(&self) -> bool {
        matches!(self.rule, Rule::GlobalMomentum | Rule::Full)
    }

    /// Takes the product of this round's `Delta` with that of the round before.
    pub fn round(&mut self, product: Product) -> Round {
        let sum = self.sum + self.weight.of(product);
        let still = Round { delta: 1.0, momentum: 0.0, rate: self.initial };
        match self.rule {
            Rule::Global => {
                self.sum = sum.clamp(-0.8, 4.0);
                Round { delta: 1.0 + self.sum, ..still }
            }
            Rule::GlobalMomentum | Rule::Full => {
                self.sum = sum.clamp(-0.2, 4.0);
                Round { delta: 1.0 + self.sum, momentum: MOMENTUM_KEPT * self.sum, ..still }
            }
            Rule::ServerLocal => {
                self.sum = sum;
                // The released bounds of 1e-3 and 0.1, for the released rate of 0.01.
                Round { rate: self.initial * (1.0 + sum).clamp(0.1, 10.0), ..still }
            }
            Rule::ClientLocal => still,
        }
    }
}

/// A client's rule: `scale *= min(1.1, 1 + 0.1 * <step_t, Delta> / n + <step_t, step_{t-1}>)`, within `0.1..=10`, with
/// `Delta` of the last round and `n` clients in a round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Client {
    is_adaptive: bool,
    weight: Weight,
    clients: f64,
    scale: f64,
}

impl Client {
    /// A client's rule before its first batch, in rounds of so many clients.
    pub fn new(rule: Rule, settings: &Settings, clients: usize) -> Self {
        let is_adaptive = matches!(rule, Rule::ClientLocal | Rule::Full);
        Self { is_adaptive, weight: Weight::new(rule, settings), clients: clients.max(1) as f64, scale: 1.0 }
    }

    /// Whether it goes by the products of successive steps.
    pub fn wants_products(&self) -> bool {
        self.is_adaptive
    }

    /// What its rate is multiplied by now.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// What the client's rate is multiplied by after this batch, from the products of its step with the global update of
    /// the last round and with its own step before.
    pub fn batch(&mut self, with_global: Product, with_last: Product) -> f64 {
        if self.is_adaptive {
            let gamma = 1.0 + 0.1 * self.weight.of(with_global) / self.clients + self.weight.of(with_last);
            self.scale = (self.scale * gamma.min(1.1)).clamp(0.1, 10.0);
        }
        self.scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw() -> Settings {
        Settings([("relative".to_owned(), 0.0)].into())
    }

    fn dot(dot: f64) -> Product {
        Product { dot, square: 4.0 }
    }

    #[test]
    fn the_global_scale_adds_products_up_within_its_bounds() {
        let mut server = Server::new(Rule::Global, &raw(), 0.01);
        let found = [0.5, 0.25, 10.0, -1.0, -100.0, 0.5].map(|value| server.round(dot(value)).delta);
        assert_eq!(found, [1.5, 1.75, 5.0, 4.0, 1.0 - 0.8, 1.0 + (-0.8 + 0.5)]);
    }

    #[test]
    fn momentum_has_nine_tenths_of_the_sum() {
        for rule in [Rule::GlobalMomentum, Rule::Full] {
            let mut server = Server::new(rule, &raw(), 0.01);
            let found = [0.5, -100.0].map(|value| server.round(dot(value)));
            assert_eq!(found[0], Round { delta: 1.5, momentum: 0.45, rate: 0.01 });
            assert_eq!((found[1].delta, found[1].momentum), (0.8, 0.9 * -0.2));
        }
    }

    #[test]
    fn the_local_rate_that_the_server_chose_lasts() {
        let mut server = Server::new(Rule::ServerLocal, &raw(), 0.01);
        let found = [1.0, 0.0, 0.5, 100.0, -200.0].map(|value| server.round(dot(value)).rate);
        assert_eq!(found, [0.02, 0.02, 0.025, 0.1, 1e-3]);
    }

    #[test]
    fn a_client_grows_by_a_tenth_a_batch_at_most() {
        let mut client = Client::new(Rule::ClientLocal, &raw(), 10);
        assert_eq!(client.batch(dot(2.0), dot(0.03)), 1.0 + 0.1 * 2.0 / 10.0 + 0.03);
        let mut client = Client::new(Rule::Full, &raw(), 10);
        assert_eq!(client.batch(dot(0.0), dot(5.0)), 1.1);
        assert_eq!((0..100).map(|_| client.batch(dot(0.0), dot(5.0))).last(), Some(10.0));
        assert_eq!(client.batch(dot(0.0), dot(-5.0)), 0.1);
    }

    #[test]
    fn relative_products_know_no_scale() {
        let delta = |scale: f64| {
            let product = Product { dot: 0.25 * scale * scale, square: scale * scale };
            Server::new(Rule::Global, &Settings::default(), 0.01).round(product).delta
        };
        assert_eq!([delta(1.0), delta(1e-4)].map(|delta| (delta * 1e9).round()), [1.25e9; 2]);
    }

    #[test]
    fn rules_leave_alone_what_is_not_theirs() {
        let round = Server::new(Rule::ClientLocal, &raw(), 0.01).round(dot(1.0));
        assert_eq!(round, Round { delta: 1.0, momentum: 0.0, rate: 0.01 });
        for rule in [Rule::Global, Rule::GlobalMomentum, Rule::ServerLocal] {
            assert_eq!(Client::new(rule, &raw(), 8).batch(dot(1.0), dot(1.0)), 1.0);
        }
    }

    #[test]
    fn null_settings_and_products_that_are_no_numbers_keep_all_rates() {
        for rule in Rule::ALL {
            let null = rule.description().null_settings().expect("a null setting");
            for (settings, product) in
                [(null, dot(3.0)), (raw(), dot(f64::NAN)), (Settings::default(), Product::default())]
            {
                let round = Server::new(rule, &settings, 0.7).round(product);
                assert_eq!((round.delta, round.momentum, round.rate), (1.0, 0.0, 0.7), "{rule:?}");
                assert_eq!(Client::new(rule, &settings, 0).batch(product, product), 1.0, "{rule:?}");
            }
        }
    }
}
