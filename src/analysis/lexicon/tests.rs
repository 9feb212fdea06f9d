//! Sentences and what the embedded lexicon must make of them, one table for each rule.

use super::*;

fn lexicon() -> &'static Lexicon {
    static LEXICON: std::sync::OnceLock<Lexicon> = std::sync::OnceLock::new();
    LEXICON.get_or_init(Lexicon::embedded)
}

/// A proposal that affirms, one that negates and one that abolishes.
const INTRODUCE: &str = "En avgift ska införas.";
const NOT_INTRODUCE: &str = "Någon avgift ska inte införas.";
const ABOLISH: &str = "Avgiften ska avskaffas.";

/// The label with respect to a proposal; `silent` where the lexicon has no opinion.
fn label(sentence: &str, lead: Option<&str>, proposal: &str) -> &'static str {
    let reading = lexicon().judge(sentence, Context { lead });
    match lexicon().label(&reading, &lexicon().proposal(proposal)) {
        (_, confidence) if confidence == 0.0 => "silent",
        (label, _) => label.key(),
    }
}

/// All the rows that fail at once, so that one change of a cue shows all it does.
fn check(rows: &[(&str, &str)], proposal: &str) {
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|&(sentence, expected)| {
            let found = label(sentence, None, proposal);
            let reading = lexicon().judge(sentence, Context::default());
            let cues: Vec<&str> = reading
                .hits
                .iter()
                .map(|hit| hit.cue.text.as_str())
                .collect();
            (found != expected).then(|| format!("{expected} judged {found}: {sentence} {cues:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}:\n{}", proposal, wrong.join("\n"));
}

#[test]
fn plain_support() {
    check(
        &[
            ("Kommunen tillstyrker förslaget.", "for"),
            ("Förslaget tillstyrks.", "for"),
            ("Regionen välkomnar avgiften.", "for"),
            ("Förbundet instämmer i utredningens bedömning.", "for"),
            ("Vi delar utredningens bedömning.", "for"),
            (
                "Nämnden delar i allt väsentligt kommitténs slutsatser.",
                "for",
            ),
            ("Myndigheten ställer sig bakom förslaget.", "for"),
            ("Vi ställer oss helt bakom avgiften.", "for"),
            ("Länsstyrelsen är i grunden positiv till avgiften.", "for"),
            ("Verket ser mycket positivt på avgiften.", "for"),
            ("Vi stöder förslaget.", "for"),
            ("Universitetet förordar att avgiften införs.", "for"),
            ("Kyrkan bejakar förslaget.", "for"),
            ("Förslaget bör läggas till grund för lagstiftning.", "for"),
            ("En avgift bör införas.", "for"),
            ("Det är angeläget att avgiften kommer på plats.", "for"),
            ("Avgiften är ändamålsenlig.", "for"),
            ("Det finns ett stort behov av en avgift.", "for"),
            ("Det är hög tid att en avgift kommer till stånd.", "for"),
            ("Staden anser att avgiften är rimlig.", "for"),
        ],
        INTRODUCE,
    );
}

#[test]
fn plain_opposition() {
    check(
        &[
            ("Kommunen avstyrker förslaget.", "against"),
            ("Förslaget avstyrks.", "against"),
            ("Vi motsätter oss avgiften.", "against"),
            ("Föreningen motsätter sig bestämt en avgift.", "against"),
            ("Regionen avvisar förslaget.", "against"),
            ("Förbundet är negativt till avgiften.", "against"),
            ("Vi är starkt kritiska till förslaget.", "against"),
            ("Länsstyrelsen ifrågasätter avgiften.", "against"),
            (
                "Myndigheten ställer sig avvisande till förslaget.",
                "against",
            ),
            ("Kommunen avråder från en avgift.", "against"),
            ("Vi säger nej till avgiften.", "against"),
            ("Nej till en ny avgift!", "against"),
            ("Avgiften är både onödig och orättvis.", "against"),
            ("Förslaget är oproportionerligt.", "against"),
            ("Avgiften riskerar att slå hårt mot landsbygden.", "against"),
            ("Att införa avgiften vore fel väg.", "against"),
            ("Avgiften bör avskaffas.", "against"),
            ("Vi ser inte behovet av en avgift.", "against"),
            ("Kommunen gör en annan bedömning.", "against"),
        ],
        INTRODUCE,
    );
}

#[test]
fn a_negation_turns_the_cue_in_its_reach() {
    check(
        &[
            ("Kommunen tillstyrker inte förslaget.", "against"),
            ("Förslaget tillstyrks inte.", "against"),
            ("Kommunen kan inte tillstyrka förslaget.", "against"),
            ("Vi kan därför inte ställa oss bakom avgiften.", "against"),
            ("Regionen ställer sig inte bakom förslaget.", "against"),
            ("Vi delar inte bedömningen.", "against"),
            ("Vi delar alltså inte utredningens bedömning.", "against"),
            ("Länsstyrelsen instämmer inte i bedömningen.", "against"),
            ("Myndigheten är inte positiv till avgiften.", "against"),
            ("Inte heller tillstyrker vi avgiften.", "against"),
            ("Därför tillstyrker regionen inte avgiften.", "against"),
            ("Avgiften är inte ändamålsenlig.", "against"),
            ("Ingen av nämnderna tillstyrker förslaget.", "against"),
            ("Staden har svårt att se behovet av en avgift.", "against"),
            ("Vi anser inte att en avgift är motiverad.", "against"),
            ("Kommunen tror inte att en avgift bör införas.", "against"),
            ("En avgift bör inte införas.", "against"),
            (
                "Förslaget bör inte läggas till grund för lagstiftning.",
                "against",
            ),
            // Denied opposition is weak support.
            ("Kommunen avstyrker inte förslaget.", "for"),
            ("Vi motsätter oss inte avgiften.", "for"),
            ("Länsstyrelsen ifrågasätter inte avgiften.", "for"),
            // A denied reservation says nothing.
            ("Vi ser inte någon risk för detta.", "silent"),
            // "inte minst", "inte bara", "inte annat än" deny nothing.
            (
                "Vi tillstyrker förslaget, inte minst för tydlighetens skull.",
                "for",
            ),
            ("Kommunen kan inte annat än tillstyrka förslaget.", "for"),
        ],
        INTRODUCE,
    );
}

#[test]
fn a_negation_reaches_neither_past_att_nor_past_och_nor_past_a_comma() {
    check(
        &[
            ("Kommunen är inte berörd och tillstyrker förslaget.", "for"),
            ("Då vi inte berörs, tillstyrker vi förslaget.", "for"),
            (
                "Det är inte givet, men kommunen tillstyrker förslaget.",
                "for",
            ),
            ("Trots att avgiften inte är ny avstyrker vi den.", "against"),
        ],
        INTRODUCE,
    );
}

#[test]
fn no_objection_is_support() {
    check(
        &[
            ("Kommunen har inget att invända mot förslaget.", "for"),
            ("Regionen har ingenting att invända mot avgiften.", "for"),
            ("Domstolen har ingen erinran mot förslaget.", "for"),
            ("Vi har inga invändningar mot avgiften.", "for"),
            ("Myndigheten lämnar förslaget utan erinran.", "for"),
            ("Länsstyrelsen ser inga hinder mot avgiften.", "for"),
            ("Domstolen har inget att erinra mot förslaget.", "for"),
            ("Domstolen ser inga skäl att motsätta sig avgiften.", "for"),
        ],
        INTRODUCE,
    );
}

#[test]
fn conditions_and_reservations() {
    check(
        &[
            (
                "Vi tillstyrker förslaget under förutsättning att staten betalar.",
                "conditional",
            ),
            (
                "Det förutsätter dock att kommunerna får ersättning.",
                "conditional",
            ),
            (
                "Förslaget bör kompletteras med en övergångsregel.",
                "conditional",
            ),
            ("Lagtexten behöver förtydligas.", "conditional"),
            ("Frågan bör utredas vidare.", "conditional"),
            (
                "Det finns en risk för att små kommuner drabbas.",
                "conditional",
            ),
            ("Vi ser en risk att små kommuner drabbas.", "conditional"),
            ("Regionen saknar en analys av kostnaderna.", "conditional"),
            ("Vi efterfrågar en konsekvensanalys.", "conditional"),
            (
                "Kommunen vill betona vikten av finansiering.",
                "conditional",
            ),
            ("Det krävs att staten bidrar.", "conditional"),
            (
                "Avgiften kan godtas endast om undantag görs.",
                "conditional",
            ),
            ("Det är oklart hur avgiften ska tas ut.", "conditional"),
            ("Vi ställer oss tveksamma till nivån.", "conditional"),
            ("Ett villkor är att avgiften hålls låg.", "conditional"),
            (
                "Utredningen har inte analyserat kostnaderna.",
                "conditional",
            ),
        ],
        INTRODUCE,
    );
}

#[test]
fn content_that_is_negated_turns_agreement() {
    check(
        &[
            (
                "Vi delar bedömningen att en avgift inte bör införas.",
                "against",
            ),
            (
                "Kommunen instämmer i att det inte behövs någon avgift.",
                "against",
            ),
            (
                "Förbundet delar utredningens bedömning att någon avgift inte bör lagfästas.",
                "against",
            ),
            ("Vi välkomnar att avgiften slopas.", "against"),
            ("Regionen motsätter sig att avgiften inte införs.", "for"),
            (
                "Vi delar inte bedömningen att en avgift inte bör införas.",
                "for",
            ),
            ("Vi delar bedömningen att en avgift bör införas.", "for"),
            ("Vi välkomnar att avgiften inte avskaffas.", "for"),
            // The negation belongs to the relative clause, or to the reason.
            (
                "Vi tillstyrker att de kommuner som inte har råd får stöd.",
                "for",
            ),
            (
                "Vi tillstyrker att avgiften införs eftersom skatten inte räcker.",
                "for",
            ),
        ],
        INTRODUCE,
    );
    check(
        &[
            (
                "Vi delar bedömningen att en avgift inte bör införas.",
                "for",
            ),
            (
                "Kommunen instämmer i att det inte behövs någon avgift.",
                "for",
            ),
            ("En avgift bör inte införas.", "for"),
            ("En avgift bör införas.", "against"),
            ("Kommunen tillstyrker förslaget.", "for"),
            ("Kommunen avstyrker förslaget.", "against"),
            ("Vi motsätter oss att någon avgift inte införs.", "against"),
        ],
        NOT_INTRODUCE,
    );
    check(
        &[
            ("Avgiften bör avskaffas.", "for"),
            ("Avgiften bör slopas helt.", "for"),
            ("Avgiften bör inte avskaffas.", "against"),
            ("Avgiften bör finnas kvar.", "against"),
            ("Avgiften bör behållas.", "against"),
            ("Kommunen avstyrker att avgiften tas bort.", "against"),
            ("Kommunen tillstyrker att avgiften tas bort.", "for"),
            ("Vi tillstyrker avskaffandet av avgiften.", "for"),
            ("Vi delar bedömningen att avgiften bör avskaffas.", "for"),
            (
                "Vi delar bedömningen att avgiften inte bör avskaffas.",
                "against",
            ),
            ("Att avgiften avskaffas avstyrks.", "against"),
            ("Regionen förordar att avgiften behålls.", "against"),
            ("Ta bort avgiften!", "for"),
        ],
        ABOLISH,
    );
}

#[test]
fn somebody_elses_view_is_not_the_respondents() {
    check(
        &[
            ("Utredningen föreslår att en avgift införs.", "none"),
            (
                "Utredningen anser att det är angeläget att en avgift införs.",
                "none",
            ),
            ("Enligt utredningen är avgiften ändamålsenlig.", "none"),
            ("Kommittén menar att avgiften är onödig.", "none"),
            ("Förslaget innebär att en avgift bör införas.", "none"),
            (
                "Regeringen bedömer att det finns ett stort behov av avgiften.",
                "none",
            ),
            ("Flera remissinstanser har avstyrkt förslaget.", "none"),
            ("Betänkandet förordar en avgift.", "none"),
            // Taking back the word.
            (
                "Utredningen föreslår en avgift, vilket kommunen tillstyrker.",
                "for",
            ),
            (
                "Utredningen föreslår en avgift men vi avstyrker den.",
                "against",
            ),
            (
                "Kommunen delar vad utredningen anför och tillstyrker förslaget.",
                "for",
            ),
            ("Vi tillstyrker det som utredningen föreslår.", "for"),
            (
                "Till skillnad från utredningen anser kommunen att avgiften är onödig.",
                "against",
            ),
        ],
        INTRODUCE,
    );
}

#[test]
fn no_position_and_abstention() {
    check(
        &[
            ("Kommunen tar inte ställning till avgiften.", "none"),
            (
                "Domstolen avstår från att ta ställning i denna del.",
                "none",
            ),
            ("Regionen noterar förslaget.", "none"),
            ("Myndigheten har inga synpunkter på avgiften.", "none"),
            (
                "Domstolen har ingen uppfattning om avgiftens storlek.",
                "none",
            ),
            ("Förslaget föranleder ingen kommentar.", "none"),
        ],
        INTRODUCE,
    );
    for (sentence, abstains) in [
        ("Kommunen avstår från att yttra sig.", true),
        (
            "Regionen avstår från att lämna synpunkter på betänkandet.",
            true,
        ),
        ("Inga synpunkter.", true),
        ("Myndigheten har inga synpunkter på betänkandet.", true),
        ("The authority declines to comment.", true),
        ("Kommunen tar inte ställning till avgiften.", false),
        ("Kommunen tillstyrker förslaget.", false),
    ] {
        let reading = lexicon().judge(sentence, Context::default());
        assert_eq!(reading.abstention, abstains, "{sentence}");
    }
}

#[test]
fn courtesy_is_no_support() {
    for sentence in [
        "Kommunen tackar för möjligheten att yttra sig.",
        "Vi välkomnar utredningens gedigna arbete.",
        "Regionen har beretts tillfälle att yttra sig över betänkandet.",
        "Vi vill framhålla utredningens gedigna arbete.",
        "We thank you for the opportunity to comment.",
        "Förbundet välkomnar möjligheten att lämna synpunkter.",
    ] {
        let reading = lexicon().judge(sentence, Context::default());
        assert!(reading.courtesy, "{sentence}");
        assert_eq!(reading.support, 0.0, "{sentence}: {:?}", reading.hits);
    }
}

#[test]
fn a_clause_has_its_own_stance() {
    for (sentence, about_the_fee, about_the_register) in [
        (
            "Vi tillstyrker registret men avstyrker avgiften.",
            "against",
            "for",
        ),
        (
            "Vi avstyrker registret och tillstyrker avgiften.",
            "for",
            "against",
        ),
        (
            "Vi tillstyrker avgiften; registret avstyrks.",
            "for",
            "against",
        ),
        (
            "Vi är positiva till registret men kan inte tillstyrka avgiften.",
            "against",
            "for",
        ),
        (
            "Avgiften tillstyrks, medan registret avstyrks.",
            "for",
            "against",
        ),
    ] {
        assert_eq!(
            label(sentence, None, INTRODUCE),
            about_the_fee,
            "{sentence}"
        );
        let register = "Ett register ska inrättas.";
        assert_eq!(
            label(sentence, None, register),
            about_the_register,
            "{sentence}"
        );
    }
    let both = "Vi tillstyrker registret men avstyrker avgiften.";
    let reading = lexicon().judge(both, Context::default());
    assert_eq!((reading.support, reading.oppose), (1.0, 1.0));
}

#[test]
fn the_lead_of_a_list_decides_its_items() {
    for (lead, item, expected) in [
        ("Regionen är positiv till:", "att en avgift införs,", "for"),
        ("Regionen är positiv till:", "en avgift", "for"),
        (
            "Regionen är positiv till:",
            "att avgiften inte införs,",
            "against",
        ),
        (
            "Kommunen avstyrker följande förslag:",
            "avgiften",
            "against",
        ),
        ("Kommunen ställer sig inte bakom:", "avgiften", "against"),
        (
            "Följande bör förtydligas:",
            "vem som betalar avgiften",
            "conditional",
        ),
        ("Utredningen föreslår:", "att en avgift införs", "none"),
        (
            "Kommunen lämnar följande synpunkter:",
            "avgiften avstyrks",
            "against",
        ),
        (
            "Kommunen lämnar följande synpunkter:",
            "avgiften gäller från juli",
            "silent",
        ),
    ] {
        assert_eq!(
            label(item, Some(lead), INTRODUCE),
            expected,
            "{lead} {item}"
        );
    }
    let reading = lexicon().judge(
        "en avgift",
        Context {
            lead: Some("Vi avstyrker:"),
        },
    );
    assert!(reading.hits[0].in_lead);
}

#[test]
fn english() {
    check(
        &[
            ("The university supports the proposal.", "for"),
            ("The agency does not support the proposal.", "against"),
            ("We welcome the proposed fee.", "for"),
            ("The municipality opposes the fee.", "against"),
            ("We cannot support the fee.", "against"),
            ("The court has no objections to the proposal.", "for"),
            ("The agency has no comments on the fee.", "none"),
            (
                "The inquiry proposes that a fee should be introduced.",
                "none",
            ),
            (
                "We support the fee provided that exemptions are made.",
                "conditional",
            ),
            ("The fee should not be introduced.", "against"),
        ],
        INTRODUCE,
    );
}

#[test]
fn a_sentence_without_a_cue_is_silent() {
    check(
        &[
            ("Kommunen har 14 000 invånare.", "silent"),
            ("Avgiften är 400 kronor.", "silent"),
            ("Beslutet fattades av kommunstyrelsen.", "silent"),
            ("", "silent"),
            ("!?", "silent"),
        ],
        INTRODUCE,
    );
    assert!(
        lexicon()
            .judge("Avgiften är 400 kronor.", Context::default())
            .is_silent()
    );
}

#[test]
fn a_hit_points_at_its_words() {
    let sentence = "Å, vi ställer oss inte bakom förslaget.";
    let reading = lexicon().judge(sentence, Context::default());
    let hit = &reading.hits[0];
    assert_eq!(hit.span.slice(sentence), Some("ställer oss inte bakom"));
    assert!(hit.negated);
    assert_eq!(hit.polarity, Polarity::Against);
    assert!(!reading.negated_content);
    let reading = lexicon().judge(
        "Vi delar bedömningen att den inte bör införas.",
        Context::default(),
    );
    assert!(reading.negated_content);
}

#[test]
fn a_fault_in_the_file_names_its_line() {
    let changed = |from: &str, to: &str| {
        let source = EMBEDDED.replacen(from, to, 1);
        let fault = Lexicon::parse(&source, Path::new("lexicon.toml"))
            .unwrap_err()
            .to_string();
        let line = source[..source.find(to).unwrap()].matches('\n').count() + 1;
        assert!(
            fault.starts_with(&format!("`lexicon.toml`, line {line}: ")),
            "{fault}"
        );
        fault
    };
    assert!(
        changed("\"tillstyrk{er|a|te|t|s|tes|an|ande}\"", "\"tillstyrk{er\"")
            .contains("must close")
    );
    assert!(changed("[oppose]", "[opose]").contains("unknown field"));
    assert!(changed("\"bejaka{r|s|}\"", "\"* bejaka\"").contains("must begin with a word"));
    assert!(
        changed("\"biträd{er|a|de|s}\"", "\"bejaka{r|s|}\" ")
            .contains("the cue `bejaka{r|s|}` already stands on line")
    );
}
