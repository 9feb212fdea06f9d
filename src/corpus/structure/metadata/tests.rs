//! Letterheads as authorities, municipalities, courts and organisations write them.

use super::*;
use crate::corpus::extracted::Extracted;
use crate::corpus::{Format, Found};

fn metadata(text: &str) -> Metadata {
    let extracted = Extracted {
        format: Format::Text,
        text: text.to_owned(),
        pages: Vec::new(),
        blocks: Vec::new(),
        encoding: None,
    };
    let structured = crate::corpus::structure::structure(extracted);
    for found in [
        &structured.metadata.respondent,
        &structured.metadata.reference,
        &structured.metadata.date,
        &structured.metadata.consultation,
    ] {
        let shown = found
            .as_ref()
            .map(|found| found.span.slice(&structured.text));
        assert_ne!(shown, Some(None), "a span outside the text");
    }
    structured.metadata
}

/// Respondent, reference, date, consultation.
fn values(text: &str) -> [Option<String>; 4] {
    let found = metadata(text);
    let value = |found: Option<Found>| found.map(|found| found.value);
    [
        found.respondent,
        found.reference,
        found.date,
        found.consultation,
    ]
    .map(value)
}

fn some(values: [&str; 4]) -> [Option<String>; 4] {
    values.map(|value| (!value.is_empty()).then(|| value.to_owned()))
}

#[test]
fn a_municipality() {
    let text = "\
Hultsjö kommun
Kommunstyrelsen

YTTRANDE
Datum: 2025-05-14
Dnr: KS 2025/377
Ert dnr: Fi2025/00123

Finansdepartementet
103 33 Stockholm

Remiss av betänkandet En gemensam digital infrastruktur (SOU 2025:12)

Hultsjö kommun har beretts tillfälle att yttra sig över betänkandet. Kommunen tillstyrker förslaget
i allt väsentligt. Betänkandet En reform för datadelning (SOU 2023:96) bör beaktas i sammanhanget.
";
    let expected = some(["Hultsjö kommun", "KS 2025/377", "2025-05-14", "SOU 2025:12"]);
    assert_eq!(values(text), expected);
}

#[test]
fn an_agency_with_labels_above_their_values() {
    let text = "\
Datum                Diarienummer            Ert diarienummer
2024-11-03           2024-01234              Ju2024/01877

Myndigheten för digital samverkan

Justitiedepartementet

Yttrande över promemorian Nya regler om utlämnande (Ds 2024:3)

Myndigheten för digital samverkan avstyrker förslaget i den del som avser avgifter. Myndigheten anser
att kostnaderna inte är tillräckligt belysta.
";
    let expected = some([
        "Myndigheten för digital samverkan",
        "2024-01234",
        "2024-11-03",
        "Ds 2024:3",
    ]);
    assert_eq!(values(text), expected);
}

#[test]
fn labels_and_values_in_columns_of_lines() {
    let text = "\
Region Mellansjö
Datum
Vår beteckning
Er beteckning
2025-02-20
RS 2025-0415
S2024/02011

Socialdepartementet

Remissvar: Vårdens digitala infrastruktur (SOU 2024:33)

Regionen tackar för möjligheten att lämna synpunkter på betänkandet och vill framföra följande.
";
    let expected = some([
        "Region Mellansjö",
        "RS 2025-0415",
        "2025-02-20",
        "SOU 2024:33",
    ]);
    assert_eq!(values(text), expected);
}

#[test]
fn a_court_that_signs_with_place_and_date() {
    let text = "\
FÖRVALTNINGSRÄTTEN I NORRSTAD

Förvaltningsrätten i Norrstad
Remissyttrande

Till
Justitiedepartementet

Betänkandet Snabbare handläggning (SOU 2025:40), Ju2025/00555

Förvaltningsrätten i Norrstad har inga synpunkter på förslagen utifrån de intressen som
förvaltningsrätten har att bevaka. Remisstiden går ut den 1 september 2025.

Detta yttrande har beslutats av lagmannen Eva Ek. Ärendet har föredragits av rådmannen Bo Alm.

Norrstad den 12 augusti 2025

Eva Ek
";
    let expected = some([
        "Förvaltningsrätten i Norrstad",
        "",
        "2025-08-12",
        "SOU 2025:40",
    ]);
    assert_eq!(values(text), expected);
}

#[test]
fn a_county_board() {
    let text = "\
Länsstyrelsen Västerlunds län   Yttrande   1 (4)
2025-06-02   Dnr 101-2345-2025

Klimat- och näringslivsdepartementet
kn.remissvar@regeringskansliet.se

Länsstyrelsens yttrande över remissen Kortare tillståndsprövning, Ds 2025:7

Länsstyrelsen delar i huvudsak bedömningen i promemorian men anser att resurserna inte räcker till.
";
    let expected = some([
        "Länsstyrelsen Västerlunds län",
        "101-2345-2025",
        "2025-06-02",
        "Ds 2025:7",
    ]);
    assert_eq!(values(text), expected);
}

#[test]
fn a_university() {
    let text = "\
REMISSVAR
Vårt dnr: V 2025/412
Datum: 14 maj 2025

Utbildningsdepartementet

Yttrande från Lunds universitet över Forskningens villkor (SOU 2025:3)

Universitetet ställer sig bakom utredningens analys. Regeringen bör dock återkomma om finansieringen.
";
    assert_eq!(
        values(text),
        some([
            "Lunds universitet",
            "V 2025/412",
            "2025-05-14",
            "SOU 2025:3"
        ])
    );
}

#[test]
fn an_association_named_only_as_subject() {
    let text = "\
Till Finansdepartementet

Betänkandet Bättre stöd (SOU 2024:77)

Sveriges advokatsamfund har genom remiss den 14 februari 2024 beretts tillfälle att avge yttrande.
Sveriges advokatsamfund tillstyrker förslaget. Skatteverket anser något annat i sin rapport.

SVERIGES ADVOKATSAMFUND

Stockholm den 3 mars 2024
";
    assert_eq!(
        values(text),
        some(["Sveriges advokatsamfund", "", "2024-03-03", "SOU 2024:77"])
    );
}

#[test]
fn an_ombudsman_on_a_memorandum() {
    let text = "\
Diskrimineringsombudsmannen
Ärende LED 2025/118
Vår referens: LED 2025/118

Remiss av promemorian Stärkt skydd, A2025/00321

Diskrimineringsombudsmannen avstår från att yttra sig.

2025-04-01
";
    let expected = some([
        "Diskrimineringsombudsmannen",
        "LED 2025/118",
        "2025-04-01",
        "A2025/00321",
    ]);
    assert_eq!(values(text), expected);
}

#[test]
fn a_response_in_english() {
    let text = "\
Response from Chalmers Teknik AB
Date: May 14, 2025
Our ref: 2025/0042

Response to the inquiry report SOU 2025:12

Chalmers Teknik AB welcomes the report. We agree with the analysis and support most of the proposals.
";
    assert_eq!(
        values(text),
        some([
            "Chalmers Teknik AB",
            "2025/0042",
            "2025-05-14",
            "SOU 2025:12"
        ])
    );
}

#[test]
fn what_does_not_stand_there_is_not_found() {
    let text = "\
Remiss från Finansdepartementet
Remisstid den 4 juni 2025

Inledning
Regionen instämmer i problembeskrivningen. Tjänsteutlåtandet är daterat den 11 april 2025. Utredningen
En reform för datadelning (SOU 2023:96) och prop. 2024/25:60 berörs. Skatteverket och Vinnova nämns.
Vinnova bör få uppdraget. Regionen har tidigare yttrat sig (dnr 2023-1234).
";
    assert_eq!(values(text), some(["", "", "", ""]));
}

#[test]
fn two_names_that_speak_equally_are_no_respondent() {
    let text = "\
Skatteverket tillstyrker förslaget. Boverket tillstyrker förslaget. Skatteverket anser att det är
bra. Boverket anser att det är bra. Skatteverket vill mer. Boverket vill mer än så.
";
    assert_eq!(values(text)[0], None);
}

#[test]
fn days_that_do_not_exist_are_no_dates() {
    assert_eq!(values("Boverket\nDatum: 2025-02-30\n")[2], None);
    assert_eq!(values("Boverket\nStockholm den 31 april 2025\n")[2], None);
}

#[test]
fn the_senders_references_are_not_ours() {
    for line in [
        "Ert dnr 2025/0123",
        "Er referens: 2025/0123",
        "Remissens diarienummer: 2025/0123",
        "Finansdepartementets dnr 2025/0123",
        "Dnr Fi2025/00123",
        "Diarienummer: Ju2024/01234/L4",
        "Tfn 08-123 45 67",
        "Dnr 2025-05-14",
    ] {
        assert_eq!(values(&format!("Boverket\n{line}\n"))[1], None, "{line}");
    }
}
