//! The reports of a small run, read back as the programs that people open them with do.

use crate::fixture;
use calamine::{Data, Reader, Xlsx};
use remiss::Language;
use remiss::analysis::Flag;
use remiss::report::{self, ReportError, Reports};
use remiss::run::Record;
use std::path::Path;

fn reports(directory: &Path, language: Language) -> Reports {
    fixture::write(directory, &fixture::records(), fixture::text);
    report::write(directory, &fixture::codebook(), &fixture::facts(), language).unwrap()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_table_has_a_row_for_each_response_and_theme_and_for_each_failure() {
    let directory = tempfile::tempdir().unwrap();
    let text = read(&reports(directory.path(), Language::Sv).csv);
    let text = text.strip_prefix('\u{feff}').expect("a byte order mark");
    let mut rows = csv::ReaderBuilder::new()
        .delimiter(b';')
        .from_reader(text.as_bytes());
    assert_eq!(&rows.headers().unwrap()[7], "sannolikhet");
    assert_eq!(&rows.headers().unwrap()[8], "samma bedömning från");
    let rows: Vec<_> = rows.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 10 * 5 + 2);
    assert!(text.lines().next().unwrap().len() < text.find("\r\n").unwrap() + 1);
    let first = &rows[0];
    assert_eq!(&first[2], "Älvstads kommun");
    assert_eq!(
        [&first[5], &first[6], &first[7]],
        ["supports", "tillstyrker", "0,960"]
    );
    assert_eq!(&first[8], "det neurala nätverket och ordlistan");
    assert_eq!(
        &first[10],
        "Älvstads kommun tillstyrker förslaget om en nationell AI-verkstad."
    );
    let failure = rows
        .iter()
        .find(|row| &row[0] == "foretagarforbundet")
        .unwrap();
    assert_eq!(&failure[6], "kunde inte analyseras");
    assert!(failure[12].starts_with("encrypted_pdf: "));
}

#[test]
fn the_workbook_reads_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = reports(directory.path(), Language::Sv).xlsx;
    let mut book: Xlsx<_> = calamine::open_workbook(path).unwrap();
    assert_eq!(
        book.sheet_names(),
        [
            "Matris",
            "Ställningstaganden",
            "Sammanfattningar",
            "Granska",
            "Ej analyserade",
            "Om körningen"
        ]
    );
    let matrix = book.worksheet_range("Matris").unwrap();
    assert_eq!(matrix.get_size(), (1 + 12, 3 + 5));
    assert_eq!(matrix[(1, 0)], Data::String("Älvstads kommun".to_owned()));
    assert_eq!(matrix[(1, 3)], Data::String("tillstyrker".to_owned()));
    let stances = book.worksheet_range("Ställningstaganden").unwrap();
    assert_eq!(stances.height(), 1 + 10 * 5);
    assert_eq!(stances[(1, 4)], Data::Float(0.96));
    let agreeing = Data::String("det neurala nätverket och ordlistan".to_owned());
    assert_eq!(stances[(1, 5)], agreeing);
    assert_eq!(
        book.worksheet_range("Ej analyserade").unwrap().height(),
        1 + 2
    );
    let review = book.worksheet_range("Granska").unwrap();
    let reasons: String = review.rows().map(|row| row[4].to_string()).collect();
    assert!(reasons.contains("Två bedömningar pekar åt olika håll."));
}

#[test]
fn the_page_shows_every_record_in_both_languages() {
    for (language, tag, title) in [
        (Language::Sv, "sv", "Remissammanställning"),
        (Language::En, "en", "Consultation report"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let page = read(&reports(directory.path(), language).html);
        assert!(page.contains(&format!("<html lang=\"{tag}\">")));
        assert!(page.contains(title));
        for number in 1..=12 {
            assert!(page.contains(&format!("id=\"m{number}\"")), "row {number}");
            assert!(
                page.contains(&format!("id=\"r{number}\"")),
                "response {number}"
            );
        }
        assert!(page.contains("kostnader.xlsx"));
    }
}

#[test]
fn each_stance_says_which_parts_speak_for_it_unless_the_respondent_abstains() {
    let directory = tempfile::tempdir().unwrap();
    let page = read(&reports(directory.path(), Language::Sv).html);
    assert!(page.contains("samma bedömning från det neurala nätverket och ordlistan"));
    assert!(page.contains("ingen enskild del ger samma bedömning"));
    let judged = fixture::records()
        .into_iter()
        .filter(|record| match record {
            Record::Result(result) => {
                !result.abstains && !result.flags.contains(&Flag::NoSentences)
            }
            Record::Failure(_) => false,
        });
    let judged = judged.count();
    assert!(judged < 10, "one abstains");
    assert_eq!(page.matches("spoken-for\">").count(), 5 * judged);
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    let [one, other] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let (one, other) = (
        reports(one.path(), Language::Sv),
        reports(other.path(), Language::Sv),
    );
    for (one, other) in [
        (one.csv, other.csv),
        (one.xlsx, other.xlsx),
        (one.html, other.html),
    ] {
        assert!(
            std::fs::read(&one).unwrap() == std::fs::read(other).unwrap(),
            "{}",
            one.display()
        );
    }
}

const HOSTILE: &str = "=cmd|' /C calc'!A1<script>alert(1)</script>\"'&";

/// The first result, with hostile content wherever a respondent or a file name can put it.
fn hostile() -> (Vec<Record>, String) {
    let Record::Result(mut result) = fixture::records().swap_remove(0) else {
        panic!("the first record is a result");
    };
    let text = HOSTILE.to_owned();
    result.respondent = Some(text.clone());
    result.source.clone_from(&text);
    result.reference = Some(text.clone());
    result.date = Some(text.clone());
    result.summary.truncate(1);
    result.summary[0].text.clone_from(&text);
    let mut evidence = result.summary[0].evidence[0].clone();
    (evidence.start, evidence.end) = (0, text.len());
    evidence.quote.clone_from(&text);
    result.summary[0].evidence = vec![evidence.clone()];
    for finding in &mut result.stances {
        finding.evidence = vec![evidence.clone()];
    }
    (vec![Record::Result(result)], text)
}

#[test]
fn what_respondents_write_is_text_everywhere() {
    let directory = tempfile::tempdir().unwrap();
    let (records, text) = hostile();
    fixture::write(directory.path(), &records, |_| text.clone());
    let mut codebook = fixture::codebook();
    codebook.themes[0].text.name = HOSTILE.to_owned();
    codebook.title = HOSTILE.to_owned();
    let mut facts = fixture::facts();
    facts.command = HOSTILE.to_owned();
    let reports = report::write(directory.path(), &codebook, &facts, Language::Sv).unwrap();

    let page = read(&reports.html);
    assert!(!page.contains("<script>alert"));
    assert_eq!(page.matches("<script>").count(), 1);
    assert!(page.contains("&lt;script&gt;alert"));

    let table = read(&reports.csv);
    let rows = csv::ReaderBuilder::new()
        .delimiter(b';')
        .from_reader(table.as_bytes())
        .into_records();
    for row in rows.map(Result::unwrap) {
        for cell in &row {
            assert!(!cell.starts_with('='), "{cell}");
        }
        assert_eq!(row[10].strip_prefix('\''), Some(HOSTILE));
    }

    let mut book: Xlsx<_> = calamine::open_workbook(reports.xlsx).unwrap();
    for name in book.sheet_names() {
        assert!(
            book.worksheet_formula(&name)
                .unwrap()
                .used_cells()
                .next()
                .is_none(),
            "{name}"
        );
    }
    let matrix = book.worksheet_range("Matris").unwrap();
    assert_eq!(matrix[(1, 0)], Data::String(HOSTILE.to_owned()));
}

#[test]
fn a_text_that_has_changed_stops_the_report_and_leaves_the_old_one() {
    let directory = tempfile::tempdir().unwrap();
    let before = reports(directory.path(), Language::Sv);
    let old = read(&before.html);
    let path = directory.path().join("texts/alvstads-kommun.txt");
    std::fs::write(&path, read(&path).replace("tillstyrker", "avstyrker")).unwrap();
    let error = report::write(
        directory.path(),
        &fixture::codebook(),
        &fixture::facts(),
        Language::Sv,
    )
    .unwrap_err();
    assert!(matches!(error, ReportError::OtherText { .. }), "{error}");
    assert_eq!(read(&before.html), old);
    assert!(!directory.path().join("report.html.partial").exists());
}

#[test]
fn another_codebook_is_named_with_the_line() {
    let directory = tempfile::tempdir().unwrap();
    fixture::write(directory.path(), &fixture::records(), fixture::text);
    let mut codebook = fixture::codebook();
    codebook.themes.swap(0, 1);
    let error = report::write(directory.path(), &codebook, &fixture::facts(), Language::Sv);
    let message = error.unwrap_err().to_string();
    assert!(
        message.contains("results.jsonl`, line 1: the stances of `alvstads-kommun`"),
        "{message}"
    );
}
