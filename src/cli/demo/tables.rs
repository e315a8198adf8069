use super::field::Random;
use jiff::civil::Date;
use std::fmt::Write;

/// Three components of an earthquake at 100 Hz.
pub(super) fn waveform(seed: u64, rows: usize) -> String {
    let mut random = Random::new(seed);
    let mut table = "seconds,z,n,e\n".to_owned();
    for row in 0..rows {
        let seconds = row as f32 / 100.0;
        let part = |from: f32, loud: f32| {
            let since = seconds - from;
            if since > 0.0 { loud * (-since / 7.0).exp() } else { 0.0 }
        };
        let loud = 4.0 + part(14.2, 90.0) + part(23.8, 240.0);
        let mut sample = || random.normal() * loud;
        let (up, north, east) = (sample(), sample(), sample());
        let _ = writeln!(table, "{seconds:.2},{up:.1},{north:.1},{east:.1}");
    }
    table
}

/// Arrivals as people and the network picked them.
pub(super) fn picks(seed: u64) -> String {
    let mut random = Random::new(seed);
    let mut table = "station,phase,manual_s,automatic_s,probability\n".to_owned();
    for number in 1..=24 {
        for (phase, speed) in [("P", 6.1), ("S", 3.5)] {
            let manual = 5.0 + number as f32 * 7.3 / speed;
            let automatic = manual + random.normal() * 0.08;
            let probability = 0.62 + random.unit() * 0.37;
            let _ = writeln!(
                table,
                "SC{number:02},{phase},{manual:.2},{automatic:.2},{probability:.2}"
            );
        }
    }
    table
}

/// Discharge that follows rain and season, day by day.
pub(super) fn runoff(seed: u64, start: &str, rows: usize, mean: f64) -> anyhow::Result<String> {
    let mut random = Random::new(seed);
    let mut table = "date,discharge,precipitation,evaporation\n".to_owned();
    let mut date: Date = start.parse()?;
    let mut stored = 0.5_f32;
    for _ in 0..rows {
        let season = (f32::from(date.day_of_year() - 105) / 365.0 * std::f32::consts::TAU).sin();
        let wet = random.unit() < 0.22 + 0.16 * season;
        let rain = if wet {
            (random.unit() * 3.2).exp() * (1.2 + season)
        } else {
            0.0
        };
        stored = stored * 0.965 + rain * 0.012;
        let discharge = mean as f32 * (0.45 + 0.25 * season + stored) * (1.0 + 0.02 * random.normal());
        let evaporation = 2.4 + 1.9 * season + 0.3 * random.normal();
        let _ = writeln!(
            table,
            "{date},{:.1},{rain:.1},{:.2}",
            discharge.max(40.0),
            evaporation.max(0.1)
        );
        date = date.tomorrow()?;
    }
    Ok(table)
}

/// Columns of related numbers between 0 and 1, by day where there is a start.
pub(super) fn numbers(seed: u64, rows: usize, columns: &[String], start: Option<&str>) -> anyhow::Result<String> {
    let mut random = Random::new(seed);
    let mut date: Option<Date> = start.map(str::parse).transpose()?;
    let first = if date.is_some() { "date" } else { "number" };
    let mut table = format!("{first},{}\n", columns.join(","));
    let mut level = 0.3_f32;
    for row in 1..=rows {
        level = (level * 0.97 + 0.0085 + random.normal() * 0.012).clamp(0.05, 0.9);
        let key = date.map_or_else(|| row.to_string(), |date| date.to_string());
        table.push_str(&key);
        for _ in columns {
            let _ = write!(table, ",{:.3}", (level + random.normal() * 0.025).clamp(0.0, 1.0));
        }
        table.push('\n');
        date = date.map(Date::tomorrow).transpose()?;
    }
    Ok(table)
}
