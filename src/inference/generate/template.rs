//! A model's own chat template, and the wall between what we say and what a response says.
//!
//! Texts that are data never enter a template. A mark stands in their place while it is rendered, and
//! the tokens of the data are put where the mark came out. So nothing that a response says is run as a
//! template or becomes a control token. Where a model marks turns by plain letters (`[INST]` of Llama 2), a response
//! can still spell them out.

use super::LanguageTokens;
use crate::inference::{Checkpoint, InferenceError};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Kwargs;
use minijinja::{Environment, ErrorKind, context};
use serde::Deserialize;
use serde_json::Value;
use std::path::Path;

/// Letters of Unicode's private use that open and close a mark.
const OPEN: char = '\u{F0000}';
const CLOSE: char = '\u{F0001}';

/// A text in our own words with places for data.
#[derive(Clone, Debug, Default)]
pub struct Marked {
    text: String,
    data: Vec<String>,
}

impl Marked {
    /// A text that is made around data: `compose` is given a mark for each, and sets every mark once.
    pub fn around<E>(
        data: Vec<String>,
        compose: impl FnOnce(&[String]) -> Result<String, E>,
    ) -> Result<Self, E> {
        let marks: Vec<String> = (0..data.len()).map(mark).collect();
        let text = compose(&marks)?;
        Ok(Self { text, data })
    }

    /// The text with the data in place, for people who look at what is asked.
    pub fn plain(&self) -> String {
        let mut text = self.text.clone();
        for (number, data) in self.data.iter().enumerate() {
            text = text.replace(&mark(number), data);
        }
        text
    }

    /// Our own words; letters that would be marks are left out.
    pub fn say(&mut self, text: &str) -> &mut Self {
        self.text
            .extend(text.chars().filter(|c| ![OPEN, CLOSE].contains(c)));
        self
    }

    /// A text that is data.
    pub fn quote(&mut self, data: &str) -> &mut Self {
        self.text.push_str(&mark(self.data.len()));
        self.data.push(data.to_owned());
        self
    }
}

fn mark(number: usize) -> String {
    format!("{OPEN}{number}{CLOSE}")
}

/// How a model wants to be spoken to.
pub struct ChatTemplate {
    source: String,
    bos: String,
    eos: String,
}

/// What is read of `tokenizer_config.json`.
#[derive(Default, Deserialize)]
struct TokenizerConfig {
    chat_template: Option<Value>,
    #[serde(default)]
    bos_token: Value,
    #[serde(default)]
    eos_token: Value,
}

impl ChatTemplate {
    /// Where a folder holds its template, and what belongs to it.
    pub(super) const FILES: [&str; 2] = ["chat_template.jinja", "tokenizer_config.json"];

    /// Where a GGUF file does.
    pub(super) const GGUF_KEY: &str = "tokenizer.chat_template";

    /// The template of a model: of its folder, or out of its GGUF file.
    ///
    /// # Errors
    /// As those of [`ChatTemplate::open`].
    pub fn of(checkpoint: &Checkpoint, tokens: &LanguageTokens) -> Result<Self, InferenceError> {
        let Some(source) = checkpoint.text(Self::GGUF_KEY) else {
            return Self::open(checkpoint.folder());
        };
        Ok(Self {
            source,
            bos: tokens.beginning_name(),
            eos: String::new(),
        })
    }

    /// Reads `chat_template.jinja`, or the template in `tokenizer_config.json`.
    ///
    /// # Errors
    /// The folder has neither, or a file is damaged.
    pub fn open(folder: &Path) -> Result<Self, InferenceError> {
        let read = |file: &str| {
            let path = folder.join(file);
            match std::fs::read_to_string(&path) {
                Ok(text) => Ok(Some(text)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(source) => Err(InferenceError::Unreadable { path, source }),
            }
        };
        let [template_file, config_file] = Self::FILES;
        let config = match read(config_file)? {
            None => TokenizerConfig::default(),
            Some(json) => {
                serde_json::from_str(&json).map_err(|error| InferenceError::DamagedFile {
                    path: folder.join(config_file),
                    message: error.to_string(),
                })?
            }
        };
        let own = match read(template_file)? {
            Some(template) => Some(template),
            None => config.chat_template.as_ref().and_then(default_template),
        };
        Ok(Self {
            source: own.ok_or_else(|| InferenceError::NoChatTemplate {
                folder: folder.to_owned(),
            })?,
            bos: written(&config.bos_token),
            eos: written(&config.eos_token),
        })
    }

    /// Tokens that ask the model to answer `user` under the instructions `system`, without
    /// reasoning first.
    ///
    /// # Errors
    /// The template fails, or leaves out what was said.
    pub fn tokens(
        &self,
        system: &Marked,
        user: &Marked,
        tokens: &LanguageTokens,
    ) -> Result<Vec<u32>, InferenceError> {
        // A mark without text closes the instructions: a template that leaves them out is found out.
        let mut data = system.data.clone();
        let closing = mark(data.len());
        data.push(String::new());
        let said = format!("{}{closing}", system.text);
        // The marks of the two texts are numbered on.
        let mut asked = user.text.clone();
        for number in (0..user.data.len()).rev() {
            asked = asked.replace(&mark(number), &mark(number + data.len()));
        }
        data.extend(user.data.iter().cloned());
        let mut rendered = match self.render(Some(&said), &asked) {
            Ok(rendered) if rendered.contains(&closing) => rendered,
            // Some models know no system message: what it says then opens the user's.
            _ => self.render(None, &format!("{said}\n\n{asked}"))?,
        };
        // A model that begins to reason is told that it has done so.
        if rendered.trim_end().ends_with("<think>") {
            rendered.push_str("\n</think>\n\n");
        }
        let mut all = Vec::new();
        let mut seen = vec![0; data.len()];
        let mut rest = rendered.as_str();
        while let Some((before, after)) = rest.split_once(OPEN) {
            let (number, after) = after.split_once(CLOSE).ok_or_else(torn)?;
            let number: usize = number.parse().map_err(|_| torn())?;
            let own = data.get(number).ok_or_else(torn)?;
            seen[number] += 1;
            all.extend(tokens.control(before)?);
            all.extend(tokens.data(own)?);
            rest = after;
        }
        all.extend(tokens.control(rest)?);
        if seen.iter().any(|&times| times != 1) {
            return Err(torn());
        }
        Ok(all)
    }

    fn render(&self, system: Option<&str>, user: &str) -> Result<String, InferenceError> {
        let mut environment = Environment::new();
        // As `transformers` sets up its templates.
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build();
        environment.set_syntax(syntax.expect("the usual delimiters do not collide"));
        environment
            .set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.add_function("raise_exception", |message: String| {
            Err::<String, _>(minijinja::Error::new(ErrorKind::InvalidOperation, message))
        });
        // A date would make two runs differ; a template that wants one gets none.
        environment.add_function("strftime_now", |_format: String| String::new());
        environment.add_filter("tojson", |value: minijinja::Value, _options: Kwargs| {
            serde_json::to_string(&value).map_err(|error| {
                minijinja::Error::new(ErrorKind::BadSerialization, error.to_string())
            })
        });
        let message = |role: &str, content: &str| context! { role, content };
        let messages: Vec<_> = system
            .map(|system| message("system", system))
            .into_iter()
            .chain([message("user", user)])
            .collect();
        let failed = |error: minijinja::Error| InferenceError::ChatTemplate {
            message: error.to_string(),
        };
        environment
            .template_from_str(&self.source)
            .map_err(failed)?
            .render(context! {
                messages,
                add_generation_prompt => true,
                enable_thinking => false,
                bos_token => self.bos.as_str(),
                eos_token => self.eos.as_str(),
            })
            .map_err(failed)
    }
}

fn torn() -> InferenceError {
    InferenceError::ChatTemplate {
        message: "it does not repeat what it is given word for word".to_owned(),
    }
}

/// A template, or of several the one named `default`.
fn default_template(value: &Value) -> Option<String> {
    match value {
        Value::String(template) => Some(template.clone()),
        Value::Array(named) => named
            .iter()
            .find(|own| own["name"] == "default")
            .and_then(|own| Some(own["template"].as_str()?.to_owned())),
        _ => None,
    }
}

/// A token as `tokenizer_config.json` writes it: its text, or an object that holds it.
fn written(token: &Value) -> String {
    let text = token.as_str().or_else(|| token["content"].as_str());
    text.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(source: &str) -> ChatTemplate {
        ChatTemplate {
            source: source.to_owned(),
            bos: "<s>".to_owned(),
            eos: "</s>".to_owned(),
        }
    }

    #[test]
    fn python_that_templates_use_is_understood() {
        let source = "{{- bos_token }}{%- for message in messages[::-1] %}\n    \
            {%- if message.role == 'user' and not message.content.startswith('x') %}\n\
            [{{ message.content.split('|')[-1].strip() }}]{%- endif %}{%- endfor %}\
            {%- if enable_thinking is defined and enable_thinking is false %}!{% endif %}";
        let rendered = template(source).render(Some("be"), "a | b ").unwrap();
        assert_eq!(rendered, "<s>[b]!");
    }

    #[test]
    fn a_template_that_refuses_is_quoted() {
        let source = "{{ raise_exception('no system message here') }}";
        let message = template(source).render(None, "a").unwrap_err().to_string();
        assert!(message.contains("no system message here"), "{message}");
    }

    /// What the user's message then begins with.
    #[test]
    fn instructions_that_a_template_leaves_out_open_the_question() {
        let tokens = LanguageTokens::open(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("models/embedded"),
            1 << 20,
        )
        .unwrap();
        for source in [
            "{% for m in messages %}{% if m.role == 'user' %}({{ m.content }}){% endif %}{% endfor %}",
            "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no') }}{% endif %}\
             ({{ m.content }}){% endfor %}",
        ] {
            let (mut system, mut user) = (Marked::default(), Marked::default());
            system.say("Svara kort.");
            user.say("Vad anser ").quote("Malmö stad").say("?");
            let prompt = template(source).tokens(&system, &user, &tokens).unwrap();
            let text = tokens.text(&prompt);
            let words: Vec<&str> = text.split_whitespace().collect();
            assert_eq!(words.join(" "), "(Svara kort. Vad anser Malmö stad ?)");
        }
    }

    #[test]
    fn marks_cannot_be_said() {
        let mut text = Marked::default();
        text.say("a\u{F0000}0\u{F0001}b")
            .quote("\u{F0000}1\u{F0001}");
        assert_eq!(text.text, "a0b\u{F0000}0\u{F0001}");
    }
}
