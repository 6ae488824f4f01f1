//! Lists and rows in few sizes.
//!
//! Each number of placeholders makes another statement text, and each text is prepared once per
//! connection and kept. Were there hundreds of them, the driver would have to close an old one for
//! nearly every new one; the server answers a close with nothing, and the statement behind it then
//! waits for a delayed TCP acknowledgement, 40 ms on Linux. So lists and rows come in some thirty sizes.

/// Up to here every number is a size; beyond, every multiple is.
const STEP: usize = 16;
/// The most rows of one statement.
const MOST: usize = 256;

/// The list with its last value repeated until it has one of the sizes: for `IN`, where that means
/// the same.
pub(crate) fn padded<T: Clone>(mut list: Vec<T>) -> Vec<T> {
    if list.len() > STEP
        && let Some(last) = list.last().cloned()
    {
        list.resize(list.len().next_multiple_of(STEP), last);
    }
    list
}

/// The rows in order, in pieces that have one of the sizes.
pub(crate) fn pieces<T>(rows: Vec<T>) -> Vec<Vec<T>> {
    let mut pieces = Vec::with_capacity(2);
    let mut rest = rows;
    while !rest.is_empty() {
        let size = match rest.len() {
            few if few <= STEP => few,
            many => (many - many % STEP).min(MOST),
        };
        let behind = rest.split_off(size);
        pieces.push(rest);
        rest = behind;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn padding_repeats_the_last_value() {
        assert!(padded(Vec::<u8>::new()).is_empty());
        assert_eq!(padded(vec![1, 2]), [1, 2]);
        let list = padded((0..17_u8).collect());
        assert_eq!(list.len(), 32);
        assert!(list[17..].iter().all(|value| *value == 16));
    }

    #[test]
    fn pieces_keep_all_rows_in_order() {
        for count in 0..1_000 {
            let rows: Vec<usize> = (0..count).collect();
            assert_eq!(pieces(rows.clone()).concat(), rows);
        }
        let sizes = |count| {
            pieces(vec![(); count])
                .iter()
                .map(Vec::len)
                .collect::<Vec<_>>()
        };
        assert_eq!(sizes(166), [160, 6]);
        assert_eq!(sizes(1_000), [256, 256, 256, 224, 8]);
    }

    #[test]
    fn there_are_few_sizes() {
        let all = (1..=1_000).flat_map(|count| pieces(vec![(); count]));
        let sizes: BTreeSet<usize> = all.map(|piece| piece.len()).collect();
        assert_eq!(sizes.len(), 31);
    }
}
