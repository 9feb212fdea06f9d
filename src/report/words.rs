//! The words that people read for stances and flags, in every format of the report.

use crate::Language;
use crate::analysis::{Finding, Flag, Part, PointKind, Support};
use crate::codebook::Stance;
use crate::run::FailureReason;

/// A sign that tells stances apart without colour.
pub fn symbol(stance: Stance) -> &'static str {
    match stance {
        Stance::Supports => "+",
        Stance::SupportsWithReservations => "(+)",
        Stance::Mixed => "±",
        Stance::Opposes => "−",
        Stance::NoPosition => "○",
        Stance::NotAddressed => "·",
    }
}

/// The label in the width of a column.
pub fn short_label(stance: Stance, language: Language) -> &'static str {
    match stance {
        Stance::SupportsWithReservations => language.choose("med förbehåll", "with reservations"),
        Stance::Mixed => language.choose("för och emot", "mixed"),
        Stance::NoPosition => language.choose("tar ej ställning", "no position"),
        other => other.label(language),
    }
}

/// The flag's key in machine-readable output.
pub fn flag_key(flag: &Flag) -> String {
    match flag {
        Flag::ModelsDisagree => "models_disagree".to_owned(),
        Flag::LowScore => "low_score".to_owned(),
        Flag::ReportedView => "reported_view".to_owned(),
        Flag::ConflictingEvidence => "conflicting_evidence".to_owned(),
        Flag::QuotationMismatch => "quotation_mismatch".to_owned(),
        Flag::MissingEvidence => "missing_evidence".to_owned(),
        Flag::NoSentences => "no_sentences".to_owned(),
        Flag::OtherConsultation => "other_consultation".to_owned(),
        Flag::ReadInParts => "read_in_parts".to_owned(),
        Flag::SentenceCut => "sentence_cut".to_owned(),
        Flag::SummaryCut => "summary_cut".to_owned(),
        Flag::Unsupported(words) => format!("unsupported:{words}"),
        Flag::PointCut => "point_cut".to_owned(),
        Flag::NotWritten => "not_written".to_owned(),
        Flag::NotMerged => "not_merged".to_owned(),
        Flag::NegationLost(words) => format!("negation_lost:{words}"),
        Flag::WeakSupport => "weak_support".to_owned(),
        Flag::PointsDropped(count) => format!("points_dropped:{count}"),
        Flag::DuplicateOf(id) => format!("duplicate_of:{id}"),
    }
}

/// Why a person should look, as a sentence.
pub fn flag_reason(flag: &Flag, language: Language) -> String {
    let (swedish, english) = match flag {
        Flag::ModelsDisagree => (
            "Två bedömningar pekar åt olika håll.",
            "Two judgements point different ways.",
        ),
        Flag::LowScore => (
            "Bedömningen är osäker: sannolikheten ligger under gränsen för granskning.",
            "The assessment is uncertain: its probability is below the review threshold.",
        ),
        Flag::ReportedView => (
            "Belägget återger någon annans uppfattning, inte säkert remissinstansens egen.",
            "The evidence reports somebody else’s view, not necessarily the respondent’s own.",
        ),
        Flag::ConflictingEvidence => (
            "Beläggen talar för förslaget på ett ställe och emot det på ett annat.",
            "The evidence is for the proposal in one place and against it in another.",
        ),
        Flag::QuotationMismatch => (
            "Ett citat stämde inte överens med källtexten. Citatet har därför tagits bort.",
            "A quotation did not match the source. The quotation has been withdrawn.",
        ),
        Flag::MissingEvidence => (
            "Det finns inget belägg kvar för uppgiften.",
            "There is no evidence left for the statement.",
        ),
        Flag::NoSentences => (
            "Svaret innehåller inga meningar att bedöma.",
            "The response has no sentences to assess.",
        ),
        Flag::OtherConsultation => (
            "Svaret tycks gälla en annan remiss.",
            "The response appears to be about another consultation.",
        ),
        Flag::ReadInParts => (
            "Svaret är längre än vad språkmodellen kan läsa på en gång och har lästs i delar.",
            "The response is longer than the language model can read at once and was read in parts.",
        ),
        Flag::SentenceCut => (
            "Ett stycke utan meningsgränser är för långt för språkmodellen, som bara har läst början av det.",
            "A stretch without sentence boundaries is too long for the language model, which read only its beginning.",
        ),
        Flag::SummaryCut => (
            "Sammanfattningen blev för lång och är avbruten efter den sista hela punkten.",
            "The summary became too long and ends after its last whole point.",
        ),
        Flag::PointCut => (
            "Punkten blev för lång och är avbruten.",
            "The point became too long and is cut off.",
        ),
        Flag::NotWritten => (
            "Språkmodellen gav ingen användbar sammanfattning. Meningarna är utvalda av den inbyggda modellen.",
            "The language model gave no usable summary. The sentences were chosen by the embedded model.",
        ),
        Flag::NotMerged => (
            "Svarets delar har sammanfattats var för sig, och punkterna kunde inte föras samman.",
            "The parts of the response were summarised one by one, and the points could not be merged.",
        ),
        Flag::WeakSupport => (
            "Punkten har liten likhet med de meningar som den hänvisar till.",
            "Little of the point can be recognised in the sentences that it refers to.",
        ),
        Flag::Unsupported(words) => {
            return match language {
                Language::Sv => {
                    format!(
                        "Punkten innehåller ”{words}”, som inte finns i de meningar som den hänvisar till."
                    )
                }
                Language::En => {
                    format!(
                        "The point contains “{words}”, which the sentences that it refers to do not."
                    )
                }
            };
        }
        Flag::NegationLost(words) => {
            return match language {
                Language::Sv => format!("Punkten återger en mening utan dess nekande (”{words}”)."),
                Language::En => {
                    format!("The point repeats a sentence without its negation (“{words}”).")
                }
            };
        }
        Flag::PointsDropped(count) => {
            return match (language, count) {
                (Language::Sv, 1) => {
                    "En sammanfattningspunkt saknade stöd i källtexten och har utelämnats."
                        .to_owned()
                }
                (Language::Sv, _) => format!(
                    "{count} sammanfattningspunkter saknade stöd i källtexten och har utelämnats."
                ),
                (Language::En, 1) => {
                    "One summary point had no support in the source and was left out.".to_owned()
                }
                (Language::En, _) => format!(
                    "{count} summary points had no support in the source and were left out."
                ),
            };
        }
        Flag::DuplicateOf(id) => {
            return match language {
                Language::Sv => format!("Innehållet är detsamma som i svaret ”{id}”."),
                Language::En => format!("The content is the same as that of the response “{id}”."),
            };
        }
    };
    language.choose(swedish, english).to_owned()
}

/// The parts of the judge, as people know them.
pub fn part_names(parts: &[Part], language: Language) -> String {
    let name = |part: &Part| match part {
        Part::Encoder => language.choose("det neurala nätverket", "the neural network"),
        Part::Lexicon => language.choose("ordlistan", "the lexicon"),
        Part::Ngrams => language.choose("ordstatistiken", "the word statistics"),
    };
    let names: Vec<_> = parts.iter().map(name).collect();
    match names.as_slice() {
        [first @ .., last] if !first.is_empty() => {
            let and = language.choose("och", "and");
            format!("{} {and} {last}", first.join(", "))
        }
        _ => names.concat(),
    }
}

/// Who else comes to a stance, for a column: the second opinion where a language model judged, else the parts
/// of the judge that agree.
pub fn agreeing(finding: &Finding, language: Language) -> String {
    match finding.second_opinion {
        Some(stance) => stance.label(language).to_owned(),
        None => part_names(&finding.agreeing, language),
    }
}

/// Which parts of the judge speak for a stance, to be read after its probability.
pub fn spoken_for(parts: &[Part], language: Language) -> String {
    if parts.is_empty() {
        language
            .choose(
                "ingen enskild del ger samma bedömning",
                "no part by itself comes to the same",
            )
            .to_owned()
    } else {
        let lead = language.choose("samma bedömning från", "the same from");
        format!("{lead} {}", part_names(parts, language))
    }
}

/// The embedded judge's opinion of a stance that a language model judged, to be read after its
/// probability.
pub fn second_opinion(finding: &Finding, language: Language) -> Option<String> {
    let own = finding.second_opinion?.label(language);
    let lead = language.choose("kontrollbedömning:", "second opinion:");
    Some(format!("{lead} {own}"))
}

/// How a summary point came about.
pub fn point_kind(kind: PointKind, language: Language) -> &'static str {
    match kind {
        PointKind::Extract => language.choose("citat", "quotation"),
        PointKind::Written => language.choose(
            "formulerad av språkmodellen",
            "in the language model’s words",
        ),
    }
}

/// How far its evidence carries a written point.
pub fn support(support: Support, language: Language) -> &'static str {
    match support {
        Support::Full => language.choose("återfinns i belägget", "found in its evidence"),
        Support::Partial => language.choose("återfinns delvis", "partly found in its evidence"),
        Support::Missing => language.choose("återfinns inte", "not found in its evidence"),
    }
}

/// What an abstaining respondent does.
pub fn abstains(language: Language) -> &'static str {
    language.choose("avstår från att yttra sig", "declines to comment")
}

/// What became of a response that could not be read or analysed.
pub fn failed(language: Language) -> &'static str {
    language.choose("kunde inte analyseras", "could not be analysed")
}

/// What happened to a response that failed, as people read it. The English words are those of
/// the failure itself; a code that is not known here is told in them too.
pub fn failure(failure: &FailureReason, language: Language) -> String {
    let swedish = match failure.code.as_str() {
        "unreadable" => "filen kan inte öppnas",
        "empty_file" => "filen är tom",
        "too_large" => "filen är för stor för att läsas",
        "unknown_format" => "filtypen är okänd; remiss läser txt, md, html, pdf, docx och odt",
        "encrypted_pdf" => {
            "PDF-filen är krypterad och kräver lösenord; spara en kopia utan lösenordsskydd"
        }
        "no_text_layer" => {
            "PDF-filen saknar textlager (är den inskannad?); kör textigenkänning (OCR) på den först"
        }
        "damaged_file" => "filen är skadad eller är något annat än vad filnamnet anger",
        "decompression_bomb" => "filen blir orimligt stor när den packas upp och kan vara skadlig",
        "no_text" => "filen innehåller ingen text",
        "changed_during_run" => "filen ändrades under körningen; kör samma kommando igen",
        "analysis_failed" => "svaret kunde läsas men inte analyseras",
        "internal_error" => "ett fel har uppstått i remiss; rapportera det gärna",
        _ => return failure.message.clone(),
    };
    language.choose(swedish, &failure.message).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_is_told_in_swedish() {
        for code in crate::corpus::ReadError::CODES {
            let reason = FailureReason {
                code: code.to_owned(),
                message: "message".to_owned(),
            };
            assert_ne!(failure(&reason, Language::Sv), "message", "{code}");
            assert_eq!(failure(&reason, Language::En), "message");
        }
    }
}
