//! Measuring in turns: a machine that is slower for some seconds is so for all that are compared.

use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::load::Measured;
use crate::{Result, say};

/// Measures once, for so long.
pub(crate) type Measure<'a> = Box<dyn Fn(Duration) -> BoxFuture<'a, Result<Measured>> + 'a>;

/// What is measured in turn with others.
pub(crate) struct Contender<'a> {
    pub(crate) what: String,
    pub(crate) callers: usize,
    pub(crate) measure: Measure<'a>,
    /// What it is judged by: its name on the page, and which of the contenders it is.
    pub(crate) beside: Option<(&'static str, usize)>,
}

/// One line of the page.
pub(crate) struct Line {
    pub(crate) what: String,
    pub(crate) callers: usize,
    /// The middle one of the rounds, in each figure.
    pub(crate) measured: Measured,
    /// What it is judged by, and the ratios to that of the same round: least, middle and greatest.
    pub(crate) beside: Option<(&'static str, [f64; 3])>,
}

/// How, and which lines.
pub(crate) struct Turns {
    pub(crate) rounds: usize,
    pub(crate) span: Duration,
    /// Lines whose names, with their connections in brackets, contain any of these parts between `|`,
    /// and what those are judged by.
    pub(crate) only: String,
    pub(crate) lines: Vec<Line>,
}

impl<'a> Contender<'a> {
    pub(crate) fn new(
        what: String,
        callers: usize,
        measure: impl Fn(Duration) -> BoxFuture<'a, Result<Measured>> + 'a,
    ) -> Self {
        Self {
            what,
            callers,
            measure: Box::new(measure),
            beside: None,
        }
    }

    /// The same, judged by the contender of that place in the same turns.
    pub(crate) fn judged_by(self, name: &'static str, place: usize) -> Self {
        Self {
            beside: Some((name, place)),
            ..self
        }
    }

    /// The same under a longer name.
    pub(crate) fn called(mut self, more: &str) -> Self {
        self.what.push_str(more);
        self
    }
}

impl Turns {
    /// Lets each contender run once per round.
    pub(crate) async fn measure(&mut self, contenders: Vec<Contender<'_>>) -> Result<()> {
        let wanted = self.wanted(&contenders);
        let mut rounds: Vec<Vec<Measured>> = contenders.iter().map(|_| Vec::new()).collect();
        for _ in 0..self.rounds {
            for (index, contender) in contenders.iter().enumerate() {
                if wanted[index] {
                    let measured = (contender.measure)(self.span).await?;
                    tell(contender, &measured);
                    rounds[index].push(measured);
                }
            }
        }
        for (index, contender) in contenders.iter().enumerate() {
            if wanted[index] {
                self.lines.push(line(contender, &rounds, index));
            }
        }
        Ok(())
    }

    /// Whether any line with `what` in its name is wanted.
    pub(crate) fn wants(&self, what: &str) -> bool {
        let mut parts = self.only.split('|');
        parts.any(|part| what.contains(part) || part.contains(what))
    }

    fn wanted(&self, contenders: &[Contender<'_>]) -> Vec<bool> {
        let is_named = |contender: &Contender<'_>| {
            let name = format!("{} ({})", contender.what, contender.callers);
            self.only.split('|').any(|part| name.contains(part))
        };
        let mut wanted: Vec<bool> = contenders.iter().map(is_named).collect();
        for (index, contender) in contenders.iter().enumerate() {
            if let Some((_, judge)) = contender.beside
                && wanted[index]
            {
                wanted[judge] = true;
            }
        }
        wanted
    }
}

fn tell(contender: &Contender<'_>, measured: &Measured) {
    say(&format!(
        "{} ({}): {:.0}/s, p50 {:.1} ms, p99 {:.1} ms, others {}",
        contender.what,
        contender.callers,
        measured.rate,
        measured.p50,
        measured.p99,
        measured.others
    ));
}

fn line(contender: &Contender<'_>, rounds: &[Vec<Measured>], index: usize) -> Line {
    let ours = &rounds[index];
    let middle = |figure: fn(&Measured) -> f64| spread(ours.iter().map(figure).collect())[1];
    let ratios = |judge: usize| {
        let pairs = ours.iter().zip(&rounds[judge]);
        spread(
            pairs
                .map(|(ours, theirs)| ours.rate / theirs.rate)
                .collect(),
        )
    };
    Line {
        what: contender.what.clone(),
        callers: contender.callers,
        measured: Measured {
            rate: middle(|round| round.rate),
            p50: middle(|round| round.p50),
            p99: middle(|round| round.p99),
            others: ours.iter().map(|round| round.others).sum(),
        },
        beside: contender.beside.map(|(name, judge)| (name, ratios(judge))),
    }
}

/// The least, the middle and the greatest; not a number if there is none.
fn spread(mut figures: Vec<f64>) -> [f64; 3] {
    figures.sort_unstable_by(f64::total_cmp);
    let at = |index: usize| figures.get(index).copied().unwrap_or(f64::NAN);
    [
        at(0),
        at(figures.len() / 2),
        at(figures.len().wrapping_sub(1)),
    ]
}
