//! What names of Swedish public bodies and organisations look like.
//!
//! Only forms that name a body by themselves are here. Parts of one ("Kommunstyrelsen",
//! "Stadsledningskontoret"), the sender ("Finansdepartementet") and the author of the proposal
//! ("AI-kommissionen", "utredningen") are not respondents.

use regex::Regex;
use std::sync::LazyLock;

/// A capitalised word, also in capitals throughout or with a hyphen.
const WORD: &str = r"\p{Lu}[\p{L}-]*";

/// Names of each kind, as alternatives of one pattern. The longest forms come first, because
/// the first that fits is taken.
///
/// The letters are those of Swedish names: all of Unicode's would make the pattern a hundred
/// times larger.
pub(super) static FORMS: LazyLock<String> = LazyLock::new(|| {
    forms()
        .replace(r"\p{Lu}", "[A-ZÅÄÖÉÜ]")
        .replace(r"\p{Ll}", "[a-zåäöéü]")
        .replace(r"\p{L}", "[A-Za-zÅÄÖÉÜåäöéü]")
});

fn forms() -> String {
    // Two words only where the first is part of the name: "I Hultsjö kommun" is not "I Hultsjö".
    let place = format!(r"(?:(?:(?:Upplands|Östra|Västra|Norra|Södra|Lilla|Stora)\s)?{WORD})");
    [
        // Regions, municipalities, counties.
        format!(r"(?:Region|REGION)\s{WORD}(?:\sHärjedalen|\sHÄRJEDALEN)?(?:\slän|\sLÄN)?"),
        r"Västra\sGötalandsregionen".into(),
        format!(r"{place}\s(?:kommun|Kommun|KOMMUN|stad|Stad|STAD)"),
        format!(r"(?:Länsstyrelsen|LÄNSSTYRELSEN)(?:\s(?:i|I)\s{place}|\s{place})(?:\s(?:län|LÄN))?"),
        r"Länsstyrelserna".into(),
        // Courts.
        r"(?:Svea\shovrätt|Göta\shovrätt|Hovrätten\s(?:för|över)\s\p{Lu}\p{L}+\s\p{Lu}?\p{L}+(?:\soch\s\p{Lu}\p{L}+)?)".into(),
        format!(r"(?:Kammarrätten|Förvaltningsrätten|Migrationsdomstolen)\si\s{place}"),
        format!(r"{place}\stingsrätt"),
        r"(?:Högsta\s(?:förvaltnings)?domstolen|Arbetsdomstolen|Marknadsdomstolen|Domstolsverket)".into(),
        // Universities and colleges.
        r"(?:\p{Lu}\p{L}+s|Uppsala|Umeå|Örebro|Malmö|Luleå|Blekinge)(?:\s[Tt]ekniska)?\s(?:universitet|Universitet|högskola)|Sveriges\slantbruksuniversitet".into(),
        format!(r"(?:Högskolan|HÖGSKOLAN)\s(?:(?:i|på|för)\s)?{place}"),
        r"(?:Kungl(?:iga|\.)\s[Tt]ekniska\s[Hh]ögskolan|Karolinska\s[Ii]nstitutet|Handelshögskolan\si\s\p{Lu}\p{L}+|\p{Lu}\p{L}+universitetet|Konstfack)".into(),
        // Agencies.
        r"(?:Myndigheten|Inspektionen|Nämnden|Rådet|Institutet|Verket|Delegationen)\sför\s\p{Ll}[\p{L}-]+(?:(?:,\s|\soch\s|\s)[\p{Ll}-]+){0,6}".into(),
        r"Statens\s[\p{Ll}-]+(?:\s(?:och|för)\s[\p{Ll}-]+)?".to_owned(),
        r"(?:Justitie|Diskriminerings|Barn|Konsument|Barn-\soch\selev)ombudsmannen|Justitiekanslern|Kammarkollegiet|Kommerskollegium|Riksarkivet|Ekonomistyrningsverket|Regelrådet|Lagrådet|Upphandlingsmyndigheten|Riksgälden|Polismyndigheten|Försäkringskassan|Arbetsförmedlingen|Vetenskapsrådet|Vinnova|Kriminalvården|Kustbevakningen|Tullverket|Försvarsmakten|Sametinget|Åklagarmyndigheten|Ekobrottsmyndigheten|Socialstyrelsen|Patent-\soch\sregistreringsverket".into(),
        r"(?:Integritetsskydds|Energi|Havs-\soch\svatten|E-hälso|Ungdoms|Folkhälso|Läkemedels|Jämställdhets|Säkerhets|Pensions|Konsument|Strålsäkerhets|Elsäkerhets|Spel|Migrations|Skol|Arbetsmiljö|Skatte|Trafik|Natur(?:vårds)?|Lantmäteri|Livsmedels|Jordbruks|Kemikalie|Bo|Sjöfarts|Luftfarts|Transport|Finans|Konkurrens|Bolags|Rättsmedicinal|Domstols|Patent|Skogs|Fortifikations|Post-\soch\stele|Revisors|Universitetskanslers|Tillväxt|Fastighets|Kron\p{L}*|Brottsoffer|Försvars\p{L}+)(?:myndigheten|verket|styrelsen|inspektionen|institutet|ämbetet|fogden|förvaltningen)".into(),
        // Associations, unions, companies.
        r"(?:Sveriges|Svenska|Svenskt)\s(?:\p{L}+(?:förbund(?:et)?|förening(?:en)?|samfund(?:et)?|råd(?:et)?|institutet|kyrkan|akademi(?:en)?)|\p{Lu}\p{Ll}+(?:(?:\soch\s|\s)\p{Lu}\p{Ll}+){0,3})".into(),
        format!(r"(?:Riksförbundet|Föreningen|Stiftelsen|Förbundet|Fackförbundet)\s{WORD}(?:\s{WORD}){{0,3}}"),
        r"Landsorganisationen\si\sSverige|Tjänstemännens\s[Cc]entralorganisation|Svenskt\sNäringsliv|Almega|Saco|TCO|Akavia|Unionen|Vårdförbundet|Lärarförbundet|AI\sSweden".into(),
        r"\p{Lu}\p{Ll}+(?:förbundet|samfundet|förbund)".into(),
        format!(r"{WORD}(?:\s{WORD}){{0,3}}\sAB"),
    ]
    .join("|")
}

/// A line that begins with a name.
pub(super) static LEADING_NAME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(&format!(r"^(?:{})\b", *FORMS)).expect("valid pattern"));

/// A whole line that is nothing but a name.
pub(super) static WHOLE_NAME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(&format!(r"^(?:{})$", *FORMS)).expect("valid pattern"));

/// Bodies that send consultations out or wrote the proposal, and words that only look like names.
static NOT_A_RESPONDENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)departement|regeringskansliet|regeringen$|statsråd|kommissionen$|utredningen$|kommittén$|^(?:en|ett|varje|denna|vår|alla|många|statens\s(?:officiella|offentliga|roll|ansvar))\s|^sveriges\s(?:riksdag|regering)$",
    )
    .expect("valid pattern")
});

/// Whether a body of this name may be a respondent.
pub(super) fn may_respond(name: &str) -> bool {
    !NOT_A_RESPONDENT.is_match(name)
}
