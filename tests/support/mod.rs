//! What the tests of the whole program share: running it, and making responses for it.

#![allow(dead_code, reason = "each test file uses a part of this")]

use std::path::Path;
use std::process::{Command, Output};

/// `remiss` with these arguments.
pub fn remiss<I: AsRef<std::ffi::OsStr>>(arguments: &[I]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_remiss"));
    command.args(arguments);
    command
}

/// Runs a command to its end.
pub fn output(command: &mut Command) -> Output {
    command.output().expect("remiss can be started")
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A codebook of three themes.
pub const CODEBOOK: &str = r#"
[codebook]
consultation = "SOU 2031:7"
title = "Ett nytt bidrag till kommunerna"

[[theme]]
id = "bidrag"
name = "Riktat bidrag"
proposal = "Ett riktat statsbidrag ska införas för kommunernas räddningstjänst."
description = "Finansiering, ansökan och uppföljning av bidraget."
keywords = ["statsbidrag", "bidraget"]

[[theme]]
id = "avgift"
name = "Tillsynsavgift"
proposal = "Kommunerna ska få ta ut en avgift för tillsyn av brandskyddet."
description = "Avgiftens storlek och vilka som ska betala den."
keywords = ["avgift", "tillsyn"]

[[theme]]
id = "larm"
name = "Gemensam larmcentral"
proposal = "En gemensam larmcentral ska inrättas i varje region."
description = "Larmbehandling, ledning och samverkan mellan räddningstjänst och ambulans."
keywords = ["larmcentral"]
"#;

const SENTENCES: [&str; 24] = [
    "Kommunen tillstyrker förslaget om ett riktat statsbidrag till räddningstjänsten.",
    "Det förutsätter dock att bidraget är långsiktigt och att ansökan hålls enkel.",
    "Kommunen avstyrker förslaget om en avgift för tillsyn av brandskyddet.",
    "Avgiften skulle drabba små föreningar hårt utan att göra någon säkrare.",
    "Utredningen bedömer att en gemensam larmcentral kan tas i drift inom fem år.",
    "Nämnden ser positivt på en gemensam larmcentral i regionen.",
    "Samtidigt saknas en beskrivning av hur ledningen ska fördelas mellan huvudmännen.",
    "Räddningstjänsten har under flera år haft svårt att rekrytera deltidsbrandmän.",
    "Förbundet kan inte ställa sig bakom att tillsynen ska bekostas av verksamheterna.",
    "Förslaget om bidrag är angeläget, bl.a. med hänsyn till kommunernas ekonomi.",
    "Frågan om avgiftens storlek behöver utredas vidare, t.ex. när det gäller kyrkor och bygdegårdar.",
    "Kommunen har inget att invända mot förslagen i övrigt.",
    "Kommunen har beretts tillfälle att yttra sig över betänkandet.",
    "Larmcentralen bör enligt vår mening lokaliseras så att lokalkännedomen består.",
    "Staten bör ersätta kommunerna fullt ut enligt finansieringsprincipen.",
    "Vi delar bedömningen att någon ny myndighet inte bör inrättas.",
    "I remissen föreslås att bidraget betalas ut av Myndigheten för civilt försvar.",
    "Enligt 3 kap. 2 § lagen om skydd mot olyckor ansvarar kommunen för förebyggande åtgärder.",
    "En sådan ordning riskerar att leda till längre insatstider i glesbygd.",
    "Det är positivt att utredningen lyfter fram samverkan med ambulanssjukvården.",
    "Kostnaden för införandet beräknas till 4,5 miljoner kronor för en medelstor kommun.",
    "Kommunen vill betona vikten av att avgiften inte tas ut av ideella föreningar.",
    "Regionen instämmer i att larmbehandlingen behöver samordnas bättre.",
    "Beslutet fattades av kommunstyrelsen den 14 maj 2031.",
];

/// Writes `count` responses of about `sentences` sentences each, different from one another
/// and the same every time.
pub fn write_responses(folder: &Path, count: usize, sentences: usize) {
    let mut state: u64 = 0x5eed;
    let mut next = |below: usize| {
        // Knuth's MMIX constants; any generator will do, as long as it is always the same.
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 33) as usize % below
    };
    for number in 0..count {
        let mut response = format!("Kommun nummer {number}\n\nYttrande över SOU 2031:7\n\n");
        for index in 0..sentences {
            response.push_str(SENTENCES[next(SENTENCES.len())]);
            response.push_str(if index % 5 == 4 { "\n\n" } else { " " });
        }
        std::fs::write(folder.join(format!("svar-{number:04}.txt")), response).unwrap();
    }
    std::fs::write(folder.join("themes.toml"), CODEBOOK).unwrap();
}
