//! What ran on what, and how it ended.

/// The result of one suite on one backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) suite: String,
    pub(crate) backend: String,
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

/// The sums of the `test result:` lines in a test executable's output; `None` if there is none, as when
/// it broke off.
pub(crate) fn read_results(output: &str) -> Option<(u64, u64)> {
    let lines: Vec<&str> = output
        .lines()
        .filter_map(|line| line.strip_prefix("test result: "))
        .collect();
    if lines.is_empty() {
        return None;
    }
    let sum = |what: &str| lines.iter().map(|line| count(line, what)).sum();
    Some((sum("passed"), sum("failed")))
}

/// The number before `what` in `ok. 3 passed; 0 failed; …`.
fn count(line: &str, what: &str) -> u64 {
    let words: Vec<&str> = line
        .split([' ', ';'])
        .filter(|word| !word.is_empty())
        .collect();
    let before = words.windows(2).find(|pair| pair[1] == what);
    before.and_then(|pair| pair[0].parse().ok()).unwrap_or(0)
}

/// Rows of one suite and backend as one.
pub(crate) fn merge(rows: Vec<Row>) -> Vec<Row> {
    rows.into_iter()
        .fold(Vec::new(), |mut merged: Vec<Row>, row| {
            match merged
                .iter_mut()
                .find(|one| one.suite == row.suite && one.backend == row.backend)
            {
                Some(one) => {
                    one.passed += row.passed;
                    one.failed += row.failed;
                }
                None => merged.push(row),
            }
            merged
        })
}

/// A table of the rows, and the sums in the last line.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "{:<16} {:<34} {:>7} {:>7}\n",
        "suite", "backend", "passed", "failed"
    );
    for row in rows {
        text += &format!(
            "{:<16} {:<34} {:>7} {:>7}\n",
            row.suite, row.backend, row.passed, row.failed
        );
    }
    let sum = |count: fn(&Row) -> u64| rows.iter().map(count).sum::<u64>();
    text + &format!(
        "\n{} passed, {} failed",
        sum(|row| row.passed),
        sum(|row| row.failed)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_are_summed() {
        let output = "running 2 tests\ntest result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 9 filtered out; finished in 0.1s\n\
                      test result: FAILED. 1 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(read_results(output), Some((3, 3)));
        assert_eq!(read_results("memory allocation failed"), None);
    }

    #[test]
    fn the_last_line_has_the_sums() {
        let row = |suite: &str, passed, failed| Row {
            suite: suite.to_owned(),
            backend: "b".to_owned(),
            passed,
            failed,
        };
        let rows = merge(vec![
            row("unit", 2, 0),
            row("unit", 3, 1),
            row("contract", 4, 0),
        ]);
        assert_eq!(rows.len(), 2);
        assert_eq!(table(&rows).lines().last(), Some("9 passed, 1 failed"));
    }
}
