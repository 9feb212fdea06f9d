//! `report.xlsx`: the matrix, every stance, every summary point, what to review, what failed.
//!
//! One pass over the records fills all sheets, in constant memory. A stance is shown by word and
//! colour together. Flags are whole sentences here, because this is where people work them off.

mod sheet;

use super::{Material, ReportError, atomic, records::Records, words};
use crate::Language;
use crate::analysis::{Evidence, Flag, SummaryPoint};
use crate::codebook::Stance;
use crate::run::{Failure, Record, ResultRecord};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};
use sheet::{Cell, Looks, Sheet};
use std::path::Path;

pub fn write(path: &Path, material: &Material) -> Result<(), ReportError> {
    let faulty = |source: XlsxError| ReportError::Workbook {
        path: path.to_owned(),
        source,
    };
    atomic::write(path, |output| {
        let mut workbook = begin(material).map_err(faulty)?;
        let mut sheets = Sheets::begin(&mut workbook, material).map_err(faulty)?;
        for record in Records::open(material.run_directory)? {
            match record? {
                Record::Result(result) => sheets.add(&result),
                Record::Failure(failure) => sheets.add_failure(&failure),
            }
            .map_err(faulty)?;
        }
        sheets.finish(&mut workbook).map_err(faulty)?;
        workbook.save_to_writer(output).map_err(faulty)
    })
}

fn begin(material: &Material) -> Result<Workbook, XlsxError> {
    let mut workbook = Workbook::new();
    // What waits to be packed holds quotations, so it stays in the run directory too.
    workbook.set_tempdir(material.run_directory)?;
    // The same run gives the same bytes, so the workbook is dated by the run, not by the clock.
    let day = material.facts.ended.get(..10).unwrap_or_default();
    let dated = ExcelDateTime::parse_from_str(day).or(ExcelDateTime::from_ymd(2000, 1, 1))?;
    workbook.set_properties(
        &DocProperties::new()
            .set_title(&material.codebook.consultation)
            .set_author("remiss")
            .set_creation_datetime(&dated),
    );
    Ok(workbook)
}

struct Sheets<'a> {
    material: &'a Material<'a>,
    looks: Looks,
    matrix: Sheet,
    stances: Sheet,
    summaries: Sheet,
    review: Sheet,
    failures: Sheet,
}

impl<'a> Sheets<'a> {
    fn begin(workbook: &mut Workbook, material: &'a Material) -> Result<Self, XlsxError> {
        let looks = Looks::new(material.language);
        let language = material.language;
        let say = |swedish, english| language.choose(swedish, english);
        let respondent = (say("Remissinstans", "Respondent"), 34.0);
        let file = (say("Fil", "File"), 26.0);
        let theme = (say("Tema", "Theme"), 30.0);
        let stance = (say("Ställningstagande", "Stance"), 24.0);
        let probability = (say("Sannolikhet", "Probability"), 13.0);
        // With a language model there is a second opinion instead of parts that agree.
        let parts = match material.facts.language_model {
            Some(_) => (say("Kontrollbedömning", "Second opinion"), 34.0),
            None => (say("Samma bedömning från", "The same from"), 34.0),
        };
        let evidence = (say("Belägg", "Evidence"), 80.0);
        let page = (say("Sida", "Page"), 8.0);
        let reason = (say("Granska: anledning", "Review: reason"), 50.0);

        let overall = (say("Svaret som helhet", "Response as a whole"), 24.0);
        let themes = material.codebook.themes.iter();
        let names = themes.map(|theme| (theme.in_language(language).name.as_str(), 20.0));
        let heads = [respondent, file, overall].into_iter().chain(names);
        let matrix = Sheet::new(workbook, &looks, say("Matris", "Matrix"), 1, heads)?;
        let mut sheet = |name, heads: &[(&str, f64)]| {
            Sheet::new(workbook, &looks, name, 1, heads.iter().copied())
        };
        Ok(Self {
            material,
            matrix,
            stances: sheet(
                say("Ställningstaganden", "Stances"),
                &[
                    respondent,
                    file,
                    theme,
                    stance,
                    probability,
                    parts,
                    evidence,
                    page,
                    reason,
                ],
            )?,
            summaries: sheet(
                say("Sammanfattningar", "Summaries"),
                &[
                    respondent,
                    file,
                    (say("Sammanfattningspunkt", "Summary point"), 80.0),
                    (say("Typ", "Kind"), 34.0),
                    evidence,
                    page,
                    reason,
                ],
            )?,
            review: sheet(
                say("Granska", "Review"),
                &[
                    respondent,
                    file,
                    (say("Gäller", "Concerns"), 34.0),
                    (say("Uppgift", "Statement"), 40.0),
                    reason,
                    evidence,
                    page,
                ],
            )?,
            failures: sheet(
                say("Ej analyserade", "Failed"),
                &[
                    file,
                    ("Id", 26.0),
                    (say("Felkod", "Error code"), 22.0),
                    (say("Vad som hände", "What happened"), 80.0),
                    ("SHA-256", 68.0),
                ],
            )?,
            looks,
        })
    }

    fn add(&mut self, result: &ResultRecord) -> Result<(), XlsxError> {
        self.add_to_matrix(result)?;
        self.add_stances(result)?;
        self.add_summary(result)?;
        self.add_to_review(result)
    }

    fn add_to_matrix(&mut self, result: &ResultRecord) -> Result<(), XlsxError> {
        let language = self.material.language;
        let overall = if result.abstains {
            Cell::Stance(Stance::NoPosition, words::abstains(language).into())
        } else {
            stance(result.overall, language)
        };
        let stances = result
            .stances
            .iter()
            .map(|finding| stance(finding.stance, language));
        let cells = [name(result), Cell::text(&result.source), overall];
        self.matrix
            .row(&self.looks, cells.into_iter().chain(stances))
    }

    fn add_stances(&mut self, result: &ResultRecord) -> Result<(), XlsxError> {
        let language = self.material.language;
        for (theme, finding) in self.material.codebook.themes.iter().zip(&result.stances) {
            let cells = [
                name(result),
                Cell::text(&result.source),
                Cell::text(&theme.in_language(language).name),
                stance(finding.stance, language),
                Cell::Probability(finding.score),
                Cell::text(words::agreeing(finding, language)),
                Cell::text(quotes(&finding.evidence)),
                Cell::text(pages(&finding.evidence)),
                Cell::text(reasons(&finding.flags, language)),
            ];
            self.stances.row(&self.looks, cells)?;
        }
        Ok(())
    }

    fn add_summary(&mut self, result: &ResultRecord) -> Result<(), XlsxError> {
        for point in &result.summary {
            let cells = [
                name(result),
                Cell::text(&result.source),
                Cell::text(&point.text),
                Cell::text(kind(point, self.material.language)),
                Cell::text(quotes(&point.evidence)),
                Cell::text(pages(&point.evidence)),
                Cell::text(reasons(&point.flags, self.material.language)),
            ];
            self.summaries.row(&self.looks, cells)?;
        }
        Ok(())
    }

    fn add_to_review(&mut self, result: &ResultRecord) -> Result<(), XlsxError> {
        let language = self.material.language;
        let mut put = |concerns: Cell, statement: Cell, flags: &[Flag], evidence: &[Evidence]| {
            if flags.is_empty() {
                return Ok(());
            }
            let cells = [
                name(result),
                Cell::text(&result.source),
                concerns,
                statement,
                Cell::text(reasons(flags, language)),
                Cell::text(quotes(evidence)),
                Cell::text(pages(evidence)),
            ];
            self.review.row(&self.looks, cells)
        };
        let whole = language.choose("svaret som helhet", "the response as a whole");
        put(Cell::text(whole), Cell::Empty, &result.flags, &[])?;
        for (theme, finding) in self.material.codebook.themes.iter().zip(&result.stances) {
            let theme = Cell::text(&theme.in_language(language).name);
            put(
                theme,
                stance(finding.stance, language),
                &finding.flags,
                &finding.evidence,
            )?;
        }
        for point in &result.summary {
            let summary = Cell::text(language.choose("sammanfattningen", "the summary"));
            put(
                summary,
                Cell::text(&point.text),
                &point.flags,
                &point.evidence,
            )?;
        }
        Ok(())
    }

    fn add_failure(&mut self, failure: &Failure) -> Result<(), XlsxError> {
        let failed = Cell::Alarm(words::failed(self.material.language).into());
        let row = [
            Cell::text(&failure.source),
            Cell::text(&failure.source),
            failed,
        ];
        self.matrix.row(&self.looks, row)?;
        let reason = words::failure(&failure.error, self.material.language);
        let cells = [
            Cell::text(&failure.source),
            Cell::text(&failure.id),
            Cell::text(&failure.error.code),
            Cell::text(&reason),
            Cell::text(failure.sha256.as_deref().unwrap_or_default()),
        ];
        self.failures.row(&self.looks, cells)
    }

    fn finish(self, workbook: &mut Workbook) -> Result<(), XlsxError> {
        let about = about(workbook, &self.looks, self.material)?;
        for sheet in [
            self.matrix,
            self.stances,
            self.summaries,
            self.review,
            self.failures,
            about,
        ] {
            sheet.finish(workbook)?;
        }
        Ok(())
    }
}

/// How the run was made, as a sheet.
fn about(workbook: &mut Workbook, looks: &Looks, material: &Material) -> Result<Sheet, XlsxError> {
    let Material {
        codebook,
        facts,
        language,
        tally,
        ..
    } = material;
    let say = |swedish, english| language.choose(swedish, english);
    let heads = [
        (say("Uppgift", "Fact"), 34.0),
        (say("Värde", "Value"), 100.0),
    ];
    let name = say("Om körningen", "About the run");
    let mut sheet = Sheet::new(workbook, looks, name, 0, heads)?;
    let check = match facts.language_model {
        Some(_) => say(
            "Uppgifterna har tagits fram av en språkmodell som har körts lokalt, utan att någon text \
             har lämnat datorn, och ska kontrolleras mot källtexten innan de används. Sannolikheten är \
             språkmodellens egen och har inte prövats mot facit. Den inbyggda modellen (ett neuralt nätverk, en \
             ordlista och ordstatistik) har gjort en kontrollbedömning.",
            "The statements were made by a language model run locally; no text has left the computer. \
             They must be checked against the source before use. The probability is the language model's \
             own and has not been tested against right answers. The embedded model (a neural network, a \
             lexicon and word statistics) has given a second opinion.",
        ),
        None => say(
            "Uppgifterna har tagits fram av en språkmodell som har körts lokalt, utan att någon text \
         har lämnat datorn, och ska kontrolleras mot källtexten innan de används. Sannolikheten är \
         modellens egen uppskattning; den har prövats mest på påhittade remissvar och kan vara för \
         hög.",
            "The statements were made by a language model run locally; no text has left the computer. \
         They must be checked against the source before use. The probability is the model's own \
         estimate; it has been tested mostly on invented responses and may be too high.",
        ),
    };
    let mut put = |name: &str, value: Cell| sheet.row(looks, [Cell::text(name), value]);
    let number = |count: usize| Cell::Number(count as f64);
    put(say("Att tänka på", "Please note"), Cell::text(check))?;
    put(
        say("Remiss", "Consultation"),
        Cell::text(&codebook.consultation),
    )?;
    put(say("Titel", "Title"), Cell::text(&codebook.title))?;
    put(
        say("Inkomna remissvar", "Responses received"),
        number(facts.responses),
    )?;
    put(say("Analyserade", "Analysed"), number(tally.results))?;
    put(say("Ej analyserade", "Failed"), number(tally.failures))?;
    put(
        say("Uppgifter att granska", "Statements to review"),
        number(tally.flagged),
    )?;
    put(say("Start", "Start"), Cell::text(&facts.started))?;
    put(say("Slut", "End"), Cell::text(&facts.ended))?;
    if let Some(model) = &facts.language_model {
        put(
            say("Språkmodell", "Language model"),
            Cell::text(&model.name),
        )?;
        let name = say("Språkmodellens SHA-256", "SHA-256 of the language model");
        put(name, Cell::text(&model.sha256))?;
    }
    let name = match facts.language_model {
        Some(_) => say(
            "Modell för kontrollbedömning",
            "Model of the second opinion",
        ),
        None => say("Modell", "Model"),
    };
    put(name, Cell::text(&facts.model))?;
    put(
        say("Modellens SHA-256", "SHA-256 of the model"),
        Cell::text(&facts.model_sha256),
    )?;
    put(
        say("Kodbokens SHA-256", "SHA-256 of the codebook"),
        Cell::text(&codebook.sha256),
    )?;
    put(say("Beräknat på", "Computed on"), Cell::text(&facts.device))?;
    put(say("Kommando", "Command"), Cell::text(&facts.command))?;
    put(
        say("Version av remiss", "Version of remiss"),
        Cell::text(&facts.version),
    )?;
    for passed in &facts.passed_over {
        let value = format!("{}: {}", passed.source, passed.reason);
        put(
            say("Överhoppad fil eller mapp", "File or folder passed over"),
            Cell::text(value),
        )?;
    }
    Ok(sheet)
}

fn name(result: &ResultRecord) -> Cell<'_> {
    Cell::text(result.respondent.as_deref().unwrap_or(&result.source))
}

fn stance<'a>(stance: Stance, language: Language) -> Cell<'a> {
    Cell::Stance(stance, stance.label(language).into())
}

/// Whether a point is quoted or written, and how far its evidence carries it.
fn kind(point: &SummaryPoint, language: Language) -> String {
    let kind = words::point_kind(point.kind, language);
    match point.support {
        Some(support) => format!("{kind}, {}", words::support(support, language)),
        None => kind.to_owned(),
    }
}

fn quotes(evidence: &[Evidence]) -> String {
    let quotes: Vec<_> = evidence
        .iter()
        .map(|evidence| evidence.quote.as_str())
        .collect();
    quotes.join("\n\n")
}

/// Every page once, in the order of the evidence.
fn pages(evidence: &[Evidence]) -> String {
    let mut pages: Vec<_> = evidence
        .iter()
        .filter_map(|evidence| evidence.page)
        .collect();
    pages.dedup();
    let pages: Vec<_> = pages.iter().map(u32::to_string).collect();
    pages.join(", ")
}

fn reasons(flags: &[Flag], language: Language) -> String {
    let reasons: Vec<_> = flags
        .iter()
        .map(|flag| words::flag_reason(flag, language))
        .collect();
    reasons.join("\n")
}
