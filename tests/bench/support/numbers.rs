/// The middle value.
pub fn median(values: &[f64]) -> f64 {
    percentile(values, 50.0)
}

/// The value below which the given share of the values lies, by nearest rank; 0 when there are none.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a rank among a few million values"
)]
pub fn percentile(values: &[f64], percent: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied().unwrap_or(0.0)
}

/// Prints one comparison of speeds: more is better, and `hub / peer` is the ratio.
pub fn print_ratio(what: &str, peer: &str, hub_value: f64, peer_value: f64, aim: f64) {
    println!("ratio {what} hub/{peer} {:.2} (aim {aim})", hub_value / peer_value);
}

/// Prints one comparison of times: less is better, and the ratio is how many times faster the hub is.
pub fn print_ratio_of_times(what: &str, peer: &str, hub_time: f64, peer_time: f64, aim: f64) {
    println!("ratio {what} {peer}/hub {:.1} (aim {aim})", peer_time / hub_time);
}
