//! `report.html` in a real browser: what is marked, by mouse and by keyboard, that nothing is
//! fetched, and that axe-core finds nothing to remark on.
//!
//! Needs Chromium (`REMISS_CHROMIUM`, or on the path) and `npm ci` in `tests/browser`. Where one
//! of them is missing the tests say so and pass, unless `REMISS_REQUIRE_BROWSER=1`.

use crate::chromium::Chromium;
use crate::fixture;
use remiss::Language;
use remiss::analysis::Evidence;
use remiss::run::{Record, ResultRecord};
use std::path::Path;

const DESKTOP: (u32, u32) = (1280, 900);
const NARROW: (u32, u32) = (320, 640);

/// `report.html` of the fixture, open in a browser of its own.
struct Opened {
    browser: Chromium,
    address: String,
    _directory: tempfile::TempDir,
}

impl Opened {
    /// `None` where there is no browser and none is required.
    fn new(language: Language, size: (u32, u32)) -> Option<Self> {
        let Some(program) = Chromium::find() else {
            return skip("Chromium is not installed");
        };
        let directory = tempfile::tempdir().unwrap();
        fixture::write(directory.path(), &fixture::records(), fixture::text);
        let (codebook, facts) = (fixture::codebook(), fixture::facts());
        let reports = remiss::report::write(directory.path(), &codebook, &facts, language).unwrap();
        let mut browser = Chromium::start(&program, &directory.path().join("profile"), size);
        let address = format!("file://{}", reports.html.display());
        browser.open(&address);
        Some(Self {
            browser,
            address,
            _directory: directory,
        })
    }

    /// The string that an expression gives.
    fn ask(&mut self, expression: &str) -> String {
        let value = self.browser.evaluate(expression);
        let text = value.as_str().map(str::to_owned);
        text.unwrap_or_else(|| panic!("`{expression}` gave {value}"))
    }

    fn focused(&mut self) -> String {
        self.ask("document.activeElement.id || document.activeElement.className")
    }

    fn marked(&mut self) -> String {
        self.ask("[...document.querySelectorAll('.ev.on')].map(e => e.textContent).join('')")
    }

    /// Clicks an element where a person would.
    fn click(&mut self, id: &str) {
        let place = self.browser.evaluate(&format!(
            "(() => {{ const e = document.getElementById('{id}'); e.scrollIntoView({{block: 'center'}});
               const b = e.getBoundingClientRect(); return [b.left + b.width / 2, b.top + 12]; }})()"
        ));
        self.browser
            .click(place[0].as_f64().unwrap(), place[1].as_f64().unwrap());
    }

    /// Tabs to the element from where the focus is.
    fn tab_to(&mut self, id: &str) {
        for _ in 0..300 {
            if self.focused() == id {
                return;
            }
            self.browser.press("Tab");
        }
        panic!("`{id}` is not reached by the keyboard");
    }

    fn assert_marked(&mut self, evidence: &[Evidence], text: &str) {
        assert_eq!(self.marked(), union(evidence, text));
        let hidden = self.ask(
            "(() => { const e = document.querySelector('.ev.on'); const b = e.getClientRects()[0];
               const at = document.elementFromPoint(b.left + Math.min(20, b.width / 2), b.top + b.height / 2);
               return at === e ? '' : 'covered by ' + (at && at.outerHTML.slice(0, 80)); })()",
        );
        assert_eq!(hidden, "", "the first marked piece is not in sight");
    }
}

/// What the spans cover, in the order of the text, each byte once.
fn union(evidence: &[Evidence], text: &str) -> String {
    let mut covered = vec![false; text.len()];
    for span in evidence.iter().flat_map(Evidence::spans) {
        covered[span.start..span.end].fill(true);
    }
    let shown = text.char_indices().filter(|&(at, _)| covered[at]);
    shown.map(|(_, character)| character).collect()
}

fn result(id: &str) -> (usize, Box<ResultRecord>, String) {
    let mut numbered = (1..).zip(fixture::records());
    let (number, record) = numbered.find(|(_, record)| record.id() == id).unwrap();
    match record {
        Record::Result(result) => (number, result, fixture::text(id)),
        Record::Failure(_) => panic!("`{id}` is a failure"),
    }
}

fn axe() -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/browser/node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(path)
        .ok()
        .or_else(|| skip("axe-core is not installed; run `npm ci` in tests/browser"))
}

fn skip<T>(why: &str) -> Option<T> {
    assert!(
        std::env::var_os("REMISS_REQUIRE_BROWSER").is_none_or(|value| value != "1"),
        "{why}"
    );
    eprintln!("\n*** SKIPPED, nothing was tested: {why} ***\n");
    None
}

#[test]
fn a_click_marks_exactly_the_evidence() {
    let Some(mut page) = Opened::new(Language::Sv, DESKTOP) else {
        return;
    };
    for id in [
        "datastodsmyndigheten",
        "alvstads-kommun",
        "naringslivsradet",
    ] {
        let (number, result, text) = result(id);
        for (point, index) in result.summary.iter().zip(1..) {
            page.click(&format!("r{number}.{index}"));
            page.assert_marked(&point.evidence, &text);
        }
        for finding in result
            .stances
            .iter()
            .filter(|finding| !finding.evidence.is_empty())
        {
            let button = format!("r{number}-{}", finding.theme);
            page.click(&button);
            page.assert_marked(&finding.evidence, &text);
            let current =
                page.ask("[...document.querySelectorAll('[aria-current]')].map(e => e.id).join()");
            assert_eq!(current, button);
        }
    }
}

#[test]
fn a_cell_of_the_matrix_leads_to_the_marked_stance() {
    let Some(mut page) = Opened::new(Language::Sv, DESKTOP) else {
        return;
    };
    let (number, result, text) = result("datastodsmyndigheten");
    page.ask(&format!(
        "(async () => {{ document.querySelector('#m{number} a[href$=lagstiftning]').click();
           await new Promise(done => setTimeout(done, 200)); return ''; }})()"
    ));
    page.assert_marked(&result.stances[2].evidence, &text);
    assert_eq!(page.focused(), format!("r{number}-lagstiftning"));
}

#[test]
fn the_keyboard_alone_is_enough() {
    let Some(mut page) = Opened::new(Language::Sv, DESKTOP) else {
        return;
    };
    let (number, result, text) = result("alvstads-kommun");
    let finding = &result.stances[1];
    assert!(
        !finding.evidence[0].parts.is_empty(),
        "the sentence is interrupted by a page break"
    );
    for (button, evidence, key) in [
        (format!("r{number}.1"), &result.summary[0].evidence, "Enter"),
        (format!("r{number}-datadelning"), &finding.evidence, "Space"),
    ] {
        page.tab_to(&button);
        page.browser.press(key);
        page.assert_marked(evidence, &text);
        assert!(
            page.focused().starts_with(&format!("r{number}e")),
            "the focus follows to the source"
        );
        assert!(
            page.ask("document.getElementById('status').textContent")
                .starts_with("Markerat i källtexten: ")
        );
        page.browser.press("Escape");
        assert_eq!(page.focused(), button);
        assert_eq!(page.marked(), "");
    }
}

#[test]
fn the_matrix_filters_and_sorts() {
    let Some(mut page) = Opened::new(Language::Sv, DESKTOP) else {
        return;
    };
    let shown = "[...document.querySelectorAll('#matrix-table tbody tr:not([hidden]) th a')].map(a => a.textContent).join('|')";
    page.ask(
        "(() => { const s = document.getElementById('filter-stance'); s.value = '3';
        document.getElementById('filter-theme').value = '4';
        s.dispatchEvent(new Event('input', {bubbles: true})); return ''; })()",
    );
    assert_eq!(
        page.ask(shown),
        "Älvstads kommun|Näringslivsrådet för teknik"
    );
    assert_eq!(
        page.ask("document.getElementById('shown').textContent"),
        "Visar 2 av 12 svar"
    );
    page.ask(
        "(() => { document.querySelector('#matrix-table thead button').click(); return ''; })()",
    );
    assert_eq!(
        page.ask(shown),
        "Näringslivsrådet för teknik|Älvstads kommun"
    );
}

#[test]
fn nothing_is_fetched_and_nothing_scrolls_sideways() {
    for size in [DESKTOP, NARROW] {
        let Some(mut page) = Opened::new(Language::Sv, size) else {
            return;
        };
        let (number, ..) = result("datastodsmyndigheten");
        page.click(&format!("r{number}-sandlada"));
        let overflow = page.ask(
            "String(document.documentElement.scrollWidth - document.documentElement.clientWidth)",
        );
        assert_eq!(overflow, "0", "at {} px", size.0);
        for request in &page.browser.requests {
            assert_eq!(request, &page.address);
        }
    }
}

#[test]
fn axe_finds_nothing() {
    let Some(axe) = axe() else { return };
    for language in [Language::Sv, Language::En] {
        for size in [DESKTOP, NARROW] {
            let Some(mut page) = Opened::new(language, size) else {
                return;
            };
            // Parts that wait to be scrolled to are judged too.
            page.ask(
                "(() => { document.querySelectorAll('.theme, .response').forEach(e => e.style.contentVisibility = 'visible');
                   document.querySelectorAll('details').forEach(e => e.open = true);
                   document.querySelector('.cite').click(); return ''; })()",
            );
            page.browser.evaluate(&format!("{axe}; ''"));
            let violations = page.ask(
                "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']})
                   .then(r => r.violations.map(v => v.id + ': ' + v.nodes.slice(0, 5).map(n => n.html.slice(0, 160)
                   + ' ' + (n.any[0] || n.all[0] || n.none[0] || {}).message).join('\\n  ')).join('\\n'))",
            );
            assert_eq!(violations, "", "{language:?} at {} px", size.0);
        }
    }
}
