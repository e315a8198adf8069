//! Cards made to hurt: time and memory stay bounded and nothing panics.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use geoml_hub::cards::{LinkBase, parse, render};

/// Runs `work` with a stack of half of what the blocking threads have, and with a limit that a debug build on a busy
/// machine keeps easily while anything quadratic breaks it.
fn bounded<T: Send + 'static>(what: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
    let start = Instant::now();
    let result = std::thread::Builder::new()
        .stack_size(1024 * 1024)
        .spawn(work)
        .unwrap()
        .join()
        .unwrap();
    let took = start.elapsed();
    assert!(took < Duration::from_mins(1), "{what} took {took:?}");
    result
}

fn numbered(count: usize, piece: impl Fn(usize) -> String) -> String {
    (0..count).map(piece).collect::<Vec<_>>().concat()
}

fn problem_of(yaml: String) -> String {
    let name: String = yaml.chars().take(30).collect();
    let card = bounded(&name, move || parse(&format!("---\n{yaml}\n---\n")));
    card.problems
        .first()
        .map(|problem| problem.message.clone())
        .unwrap_or_default()
}

#[test]
fn an_alias_bomb_is_refused() {
    let mut yaml = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..30 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(yaml, "a{level}: &a{level} [{aliases}]").unwrap();
    }
    assert!(problem_of(yaml).contains("aliases"));
    let long = format!(
        "a: &a {}\nb: [{}]\n",
        "x".repeat(500_000),
        vec!["*a"; 100_000].join(",")
    );
    assert!(problem_of(long).contains("aliases"));
    assert!(problem_of("a: &a [*a]\n".to_owned()).contains("inside the value"));
}

#[test]
fn a_card_never_grows_to_many_times_its_text() {
    let text = "x".repeat(100_000);
    let bomb = |aliases: usize| format!("a: &a {text}\nb: [{}]\n", vec!["*a"; aliases].join(","));
    assert!(problem_of(bomb(300)).contains("aliases"));
    let card = parse(&format!("---\n{}---\n", bomb(10)));
    assert!(serde_json::to_vec(&card.document).unwrap().len() < 4 << 20);
    assert!(card.document.contains_key("b"));
}

#[test]
fn large_front_matter_is_harmless() {
    let large = format!("title: {}", "x".repeat(2 << 20));
    assert!(problem_of(large).contains("larger than 1024 KiB"));
    let many = numbered(30_000, |number| format!("key{number}: v\n"));
    assert!(problem_of(many).contains("required"));
    let too_many = numbered(60_000, |number| format!("key{number}: v\n"));
    assert!(problem_of(too_many).contains("too many values"));
    let text = format!("title: |\n{}", "  line of text\n".repeat(60_000));
    assert!(problem_of(text).contains("required"));
}

#[test]
fn deep_nesting_is_refused() {
    let pieces = [
        "[".repeat(65),
        "[".repeat(500_000),
        "{a: ".repeat(200_000),
        format!("\n {}", "- ".repeat(400_000)),
    ];
    for piece in pieces {
        let problem = problem_of(format!("a: {piece}"));
        assert!(
            problem.contains("nested deeper than 64 levels") || problem.contains("recursion limit"),
            "{problem}"
        );
    }
    let within = format!("a: {}1{}", "[".repeat(60), "]".repeat(60));
    assert!(problem_of(within).contains("required"));
}

#[test]
fn odd_yaml_takes_bounded_time() {
    for piece in [
        "&a ",
        "!!x ",
        "? ",
        ": ",
        "a: ",
        "*a ",
        "\"",
        "'",
        "|",
        ">",
        "%a\n",
        "\n",
        "\t",
        "-",
        "--- ",
        "...\n",
        "#",
        "# \n",
        "[]",
        "{}",
        "a,",
        "!",
        "!<a> ",
        "\\",
        "\u{feff}",
        "\u{85}",
        "[a, ",
        "[a: ",
        "a\n",
        "\" \"",
        "- a\n",
        "  a\n",
        "&a a: b\n",
        "'' ",
    ] {
        problem_of(piece.repeat(100_000 / piece.len()));
        problem_of(format!("a: {}", piece.repeat(100_000 / piece.len())));
        problem_of(format!("a: [{}", piece.repeat(100_000 / piece.len())));
    }
}

#[test]
fn odd_markdown_takes_bounded_time_and_memory() {
    let mut texts: Vec<String> = [
        ">",
        "> ",
        "- ",
        "* a\n",
        "[",
        "![",
        "](",
        "*a ",
        "_a ",
        "**a",
        "~a~",
        "`",
        "``a",
        "<",
        "<a ",
        "<b>",
        "</b>",
        "<div>",
        "<p>",
        "<!--",
        "<![CDATA[",
        "&",
        "|",
        "|a|\n",
        "$",
        "$$a",
        "\\",
        "#",
        "[^a]",
        "[^a]: ",
        "[a]: b\n",
        "<a b='",
        "http://a.",
        "a@b.c ",
        "<table><tr><td>",
        "<li>",
        "<font color=a><p>",
        "<svg>",
        "<math><mi>",
        "<style>",
        "<b><p>",
        "- [ ] ",
        "1. ",
        "> [!NOTE]\n",
        "<![",
        "<?",
        "<a/>",
        "\n",
        "    a\n",
        "***a ",
        "[a](",
        "[a][",
        "[[",
        "]]",
    ]
    .iter()
    .map(|piece| piece.repeat(64_000 / piece.len()))
    .collect();
    texts.push(numbered(20_000, |number| format!("<font a={number}>")) + &"<p>".repeat(50_000));
    texts.push(format!("<div {}>", numbered(20_000, |number| format!("a{number} "))));
    texts.push(format!("<div a='{}>", numbered(20_000, |number| format!("a{number} "))));
    texts.push(numbered(20_000, |number| {
        format!("<font a={number}><table><td></font></table>")
    }));
    texts.push(
        numbered(20_000, |number| format!("[a{number}]: b\n")) + &numbered(20_000, |number| format!("[a{number}] ")),
    );
    texts.push(
        numbered(20_000, |number| format!("[^{number}]: b\n\n")) + &numbered(20_000, |number| format!("[^{number}] ")),
    );
    texts.push(format!(
        "|{}\n|{}\n{}",
        "a|".repeat(5_000),
        "-|".repeat(5_000),
        "|\n".repeat(20_000)
    ));
    texts.push(numbered(3_000, |number| format!("{}- a\n", "  ".repeat(number % 150))));
    texts.push((1..1_000).map(|length| "`".repeat(length) + " ").collect());
    for text in texts {
        let name: String = text.chars().take(30).collect();
        let rendered = bounded(&name, move || render(&text, &LinkBase::default()));
        assert!(
            rendered.html.len() < 64 * 1024 * 1024,
            "{name} gives {} bytes",
            rendered.html.len()
        );
    }
}

#[test]
fn a_long_readme_is_cut_at_a_line_and_says_so() {
    let rendered = bounded("long", || {
        render(
            &"a line of words, as most texts have them\n\n".repeat(20_000),
            &LinkBase::default(),
        )
    });
    assert!(
        rendered.truncated
            && rendered
                .html
                .ends_with("<p>a line of words, as most texts have them</p>\n")
    );
}
