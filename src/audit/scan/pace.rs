//! How many rows a page asks for.

/// Returns how many rows the next page asks for. A page that its weight cuts off costs the database a connection, so the
/// next one asks for half of what came, and those behind it for a little more each.
pub(super) fn rows_to_ask(asked: u32, came: usize, most: u32) -> u32 {
    match u32::try_from(came) {
        Ok(came) if came < asked => (came / 2).max(1),
        _ => asked.saturating_add(asked / 8 + 1).min(most),
    }
}

#[cfg(test)]
mod tests {
    use super::rows_to_ask;

    #[test]
    fn one_page_in_many_is_cut_off_by_its_weight() {
        for fit in [3, 700, 1_600] {
            let (mut rows, mut cut) = (2_000, 0);
            for _ in 0..1_000 {
                let came = rows.min(fit);
                cut += u32::from(came < rows);
                rows = rows_to_ask(rows, came as usize, 2_000);
            }
            assert!(cut < 350, "{fit}: {cut} of 1,000");
        }
        assert_eq!(rows_to_ask(2_000, 2_000, 2_000), 2_000);
        assert_eq!(rows_to_ask(2_000, 0, 2_000), 1);
    }
}
