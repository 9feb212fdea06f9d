//! Negation, content, clauses, lists and whose voice speaks.

use super::*;

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
            ("Att avgiften inte införs avstyrker kommunen.", "for"),
            ("Att avgiften slopas tillstyrker kommunen.", "against"),
            ("Vi tillstyrker slopandet av avgiften.", "against"),
            ("Vi delar bedömningen att avgiften är olämplig.", "against"),
            ("Det är bra att avgiften inte försvårar samarbetet.", "for"),
            // It is not the proposal that is negated.
            (
                "Vi välkomnar att kommunerna inte längre ensamma bär kostnaden.",
                "silent",
            ),
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
            // The fee that is, or the change that is proposed? It does not say.
            ("Avgiften är rimlig.", "silent"),
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
        ("Utredningen föreslår:", "en rimlig avgift", "none"),
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
fn no_longer_is_an_abolition() {
    let proposal = "Avgiften ska inte längre tas ut.";
    for (sentence, expected) in [
        ("Avgiften bör finnas kvar.", "against"),
        ("Avgiften bör avskaffas.", "for"),
        ("Kommunen tillstyrker förslaget.", "for"),
    ] {
        assert_eq!(label(sentence, None, proposal), expected, "{sentence}");
    }
}
