//! Full-text search over 100,000 cards: `search::RepositoryIndex` against PostgreSQL's GIN index of `to_tsvector('english')`.
//!
//! Cards are those of `support::Card`: common words match half of them, which is the hard case. Each of 300 queries has one to three words of the same distribution
//! and asks both sides for the 20 best, the number of matches and the counts of a facet, in one statement. Sides take turns,
//! every query's time is its median over the rounds, and the median and the 99th percentile over the queries are printed.
//!
//! PostgreSQL's parser takes a run of Chinese characters as one word, so it is given Chinese split into overlapping pairs, as
//! an application would have to do for it; without that it finds next to nothing. English queries are the like-for-like
//! comparison and carry the aim.
//!
//! Run: `tests/bench/run search`

use geoml_hub::base::Clock;
use geoml_hub::search::{Audience, Facet, RepositoryChange, RepositoryIndex, RepositoryQuery};
use std::fmt::Write;
use std::time::{Duration, Instant};
use support::{
    Card, Postgres, ROUNDS, Random, Words, median, percentile, print_machine, print_ratio_of_times, work_folder,
};

const CARDS: usize = 100_000;
const QUERIES: usize = 300;
const AIM_MEDIAN: f64 = 10.0;
const AIM_SLOWEST: f64 = 30.0;
/// Time in which the index merges its segments after it was filled.
const REST: Duration = Duration::from_secs(10);
/// What PostgreSQL's documentation advises for a database that fits into memory.
const SETTINGS: &str = "shared_buffers = 1GB\nwork_mem = 64MB\nrandom_page_cost = 1.1\njit = off";

/// What was typed.
type Typed = Vec<String>;

/// One side's answer to a query.
struct Asked {
    milliseconds: f64,
    matches: u64,
}

fn main() -> anyhow::Result<()> {
    let folder = work_folder()?;
    print_machine(folder.path());
    let mut random = Random::new(0x5eed_0001);
    let words = Words::new(&mut random);
    let cards: Vec<Card> = (0..CARDS).map(|_| words.card(&mut random)).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let index = RepositoryIndex::open(folder.path())?;
    let began = Instant::now();
    runtime.block_on(fill(&index, &cards))?;
    println!(
        "hub: {CARDS} cards searchable after {:.1} s",
        began.elapsed().as_secs_f64()
    );
    let postgres = Postgres::start(folder.path(), SETTINGS)?;
    let began = Instant::now();
    load(&postgres, &cards)?;
    println!(
        "postgres: {CARDS} cards searchable after {:.1} s",
        began.elapsed().as_secs_f64()
    );
    std::thread::sleep(REST);
    let english: Vec<Typed> = (0..QUERIES).map(|_| words.query(&mut random, false)).collect();
    let mixed: Vec<Typed> = (0..QUERIES).map(|_| words.query(&mut random, true)).collect();
    compare("search_english", &index, &postgres, &english)?;
    compare("search_mixed", &index, &postgres, &mixed)?;
    Ok(())
}

async fn fill(index: &RepositoryIndex, cards: &[Card]) -> anyhow::Result<()> {
    let clock = Clock::system();
    index.begin_rebuild().await?;
    for (number, cards) in cards.chunks(1_000).enumerate() {
        let changes = cards
            .iter()
            .zip(number * 1_000..)
            .map(|(card, number)| RepositoryChange::Put(Box::new(card.document(&clock, number))));
        index.apply(changes.collect(), None).await?;
    }
    Ok(index.finish_rebuild(1).await?)
}

fn load(postgres: &Postgres, cards: &[Card]) -> anyhow::Result<()> {
    let mut script = String::from(
        "CREATE TABLE cards (id int PRIMARY KEY, title text, description text, readme text, task text,
            words tsvector GENERATED ALWAYS AS (
                setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english', description), 'B')
                || to_tsvector('english', readme)) STORED);
         COPY cards (id, title, description, readme, task) FROM STDIN;\n",
    );
    for (number, card) in cards.iter().enumerate() {
        let [title, description, readme] =
            [&card.title, &card.description, &card.readme].map(|words| in_pairs(words, " "));
        writeln!(script, "{number}\t{title}\t{description}\t{readme}\t{}", card.task)?;
    }
    script.push_str("\\.\nCREATE INDEX cards_words ON cards USING gin (words);\nVACUUM ANALYZE cards;\n");
    postgres.script(script.as_bytes())?;
    Ok(())
}

/// Chinese words as overlapping pairs of characters, other words as they are.
fn in_pairs(words: &[String], separator: &str) -> String {
    let mut tokens: Vec<String> = Vec::new();
    for word in words {
        let characters: Vec<char> = word.chars().collect();
        if word.is_ascii() || characters.len() < 2 {
            tokens.push(word.clone());
        } else {
            tokens.extend(characters.windows(2).map(|pair| pair.iter().collect::<String>()));
        }
    }
    tokens.join(separator)
}

fn compare(what: &str, index: &RepositoryIndex, postgres: &Postgres, queries: &[Typed]) -> anyhow::Result<()> {
    let (mut hub, mut peer) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        hub.push(ask_hub(index, queries)?);
        peer.push(ask_postgres(postgres, queries)?);
    }
    let mut both = Vec::new();
    for (name, rounds) in [("hub", &hub), ("postgres", &peer)] {
        let times: Vec<f64> = (0..queries.len())
            .map(|query| median(&rounds.iter().map(|round| round[query].milliseconds).collect::<Vec<_>>()))
            .collect();
        let matches = rounds[0].iter().map(|asked| asked.matches).sum::<u64>() / u64::try_from(queries.len())?;
        let (middle, slowest) = (median(&times), percentile(&times, 99.0));
        println!("{what} {name}: median {middle:.2} ms, 99th percentile {slowest:.1} ms, matches of a query {matches}");
        both.push((middle, slowest));
    }
    print_ratio_of_times(&format!("{what}_median"), "postgres", both[0].0, both[1].0, AIM_MEDIAN);
    print_ratio_of_times(&format!("{what}_p99"), "postgres", both[0].1, both[1].1, AIM_SLOWEST);
    Ok(())
}

fn ask_hub(index: &RepositoryIndex, queries: &[Typed]) -> anyhow::Result<Vec<Asked>> {
    let ask = |typed: &Typed| {
        let query = RepositoryQuery {
            text: typed.join(" "),
            limit: 20,
            facets: vec![Facet::Task],
            ..RepositoryQuery::default()
        };
        let start = Instant::now();
        let results = index.search(&query, &Audience::Everyone)?;
        Ok(Asked {
            milliseconds: start.elapsed().as_secs_f64() * 1e3,
            matches: results.total,
        })
    };
    queries.iter().map(ask).collect()
}

fn ask_postgres(postgres: &Postgres, queries: &[Typed]) -> anyhow::Result<Vec<Asked>> {
    let mut script = String::from("\\timing on\n");
    for typed in queries {
        let words = in_pairs(typed, " & ");
        writeln!(
            script,
            "WITH found AS MATERIALIZED (
                SELECT id, task, ts_rank(words, query) AS score FROM cards, to_tsquery('english', '{words}') AS query
                WHERE words @@ query)
             SELECT (SELECT count(*) FROM found),
                (SELECT json_agg(best) FROM (
                    SELECT cards.id, title, description, score FROM (
                        SELECT id, score FROM found ORDER BY score DESC, id LIMIT 20) AS top JOIN cards USING (id)) AS best),
                (SELECT json_object_agg(task, number) FROM (
                    SELECT task, count(*) AS number FROM found GROUP BY task) AS facet);"
        )?;
    }
    let output = postgres.script(script.as_bytes())?;
    let mut asked = Vec::new();
    let mut matches = 0;
    for line in output.lines() {
        if let Some(time) = line.strip_prefix("Time: ") {
            let milliseconds = time.split(' ').next().unwrap_or_default().parse()?;
            asked.push(Asked { milliseconds, matches });
        } else if let Some((count, _)) = line.split_once('|') {
            matches = count.parse().unwrap_or(matches);
        }
    }
    anyhow::ensure!(
        asked.len() == queries.len(),
        "psql timed {} of {} queries",
        asked.len(),
        queries.len()
    );
    Ok(asked)
}
