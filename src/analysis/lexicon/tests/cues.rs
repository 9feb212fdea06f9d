//! What the cues of each section say where nothing steers them.

use super::*;

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
            ("Avgiften bör dock inte gälla barn.", "conditional"),
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
                "Kommunen tar inte ställning till om avgiften bör införas.",
                "none",
            ),
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
