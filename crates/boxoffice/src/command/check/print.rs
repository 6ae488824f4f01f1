//! Findings as text, a line each, or as one JSON document.

use domain::diagnosis::Verdict;
use serde_json::{Value, json};

use super::Checked;
use crate::command::say;

pub(super) fn print(checked: &[Checked], as_json: bool) {
    if as_json {
        let findings: Vec<Value> = checked.iter().map(value).collect();
        say(&json!({ "result": result(checked), "findings": findings }).to_string());
        return;
    }
    for one in checked {
        say(&line(one));
    }
    say(match result(checked) {
        "wrong" => "Something is wrong.",
        _ => "Nothing is wrong.",
    });
}

fn result(checked: &[Checked]) -> &'static str {
    let verdicts = || checked.iter().map(|one| word(&one.finding.verdict));
    let worst = ["wrong", "doubtful"];
    let found = worst
        .into_iter()
        .find(|word| verdicts().any(|w| w == *word));
    found.unwrap_or("ok")
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Doubtful { .. } => "doubtful",
        Verdict::Wrong { .. } => "wrong",
    }
}

fn mend(verdict: &Verdict) -> Option<&str> {
    match verdict {
        Verdict::Ok => None,
        Verdict::Doubtful { mend } | Verdict::Wrong { mend } => Some(mend),
    }
}

fn line(Checked { part, finding }: &Checked) -> String {
    let (verdict, subject) = (word(&finding.verdict), finding.subject);
    // Errors of drivers may have several lines.
    let seen = finding.seen.replace('\n', " ");
    match mend(&finding.verdict) {
        None => format!("{verdict}: {part}: {subject}: {seen}"),
        Some(mend) => format!("{verdict}: {part}: {subject}: {seen}; mend: {mend}"),
    }
}

fn value(Checked { part, finding }: &Checked) -> Value {
    let mut value = json!({
        "verdict": word(&finding.verdict),
        "part": part,
        "subject": finding.subject,
        "seen": finding.seen,
    });
    if let Some(mend) = mend(&finding.verdict) {
        value["mend"] = mend.into();
    }
    value
}

#[cfg(test)]
mod tests {
    use domain::diagnosis::Finding;

    use super::*;

    fn checked(finding: Finding) -> Checked {
        let part = "mysql";
        Checked { part, finding }
    }

    #[test]
    fn a_line_says_what_is_wrong_and_how_to_mend_it() {
        let wrong = checked(Finding::wrong("version", "5.7\n.1", "use 8.0"));
        assert_eq!(line(&wrong), "wrong: mysql: version: 5.7 .1; mend: use 8.0");
        let ok = checked(Finding::ok("version", "8.4"));
        assert_eq!(line(&ok), "ok: mysql: version: 8.4");
    }

    #[test]
    fn the_worst_finding_is_the_result() {
        let ok = || checked(Finding::ok("a", ""));
        let doubtful = || checked(Finding::doubtful("b", "", ""));
        let wrong = || checked(Finding::wrong("c", "", ""));
        assert_eq!(result(&[ok()]), "ok");
        assert_eq!(result(&[doubtful(), ok()]), "doubtful");
        assert_eq!(result(&[ok(), doubtful(), wrong()]), "wrong");
    }
}
