//! Answers that obey a grammar: at each step only tokens are allowed after which it can still be met.

use super::LanguageTokens;
use crate::inference::InferenceError;
use llguidance::api::TopLevelGrammar;
use llguidance::toktrie::{TokEnv, TokRxInfo, TokTrie, TokenizerEnv};
use llguidance::{Matcher, ParserFactory};
use std::sync::Arc;

/// Compiles grammars for one vocabulary.
pub struct Grammars {
    factory: ParserFactory,
}

/// A grammar, and how much of an answer has met it.
pub struct Grammar(Matcher);

struct Environment {
    trie: TokTrie,
    tokens: Arc<LanguageTokens>,
}

impl TokenizerEnv for Environment {
    fn tok_trie(&self) -> &TokTrie {
        &self.trie
    }

    fn tokenize_bytes(&self, bytes: &[u8]) -> Vec<u32> {
        self.trie.tokenize_with_greedy_fallback(bytes, |text| {
            // Many tokenizers put a space before what they take for the beginning of a text. The
            // grammar asks for exactly these bytes; the greedy reading always gives them.
            let own = self.tokens.data(text).unwrap_or_default();
            if self.trie.decode(&own) == text.as_bytes() {
                own
            } else {
                self.trie.greedy_tokenize(text.as_bytes())
            }
        })
    }
}

impl Grammars {
    /// # Errors
    /// The model has no token that ends an answer.
    pub fn new(tokens: Arc<LanguageTokens>, vocabulary: usize) -> Result<Self, InferenceError> {
        let stops: Vec<u32> = tokens
            .stop_tokens()
            .filter(|&token| (token as usize) < vocabulary)
            .collect();
        let &stop = stops.first().ok_or(InferenceError::NoStop)?;
        let words: Vec<Vec<u8>> = (0..vocabulary as u32)
            .map(|token| tokens.bytes(token).to_vec())
            .collect();
        let trie = TokTrie::from(&TokRxInfo::new(vocabulary as u32, stop), &words);
        let trie = trie.with_eos_tokens(&stops);
        let environment: TokEnv = Arc::new(Environment { trie, tokens });
        let mut factory = ParserFactory::new_simple(&environment).map_err(failed)?;
        factory.quiet();
        Ok(Self { factory })
    }

    /// Reads a grammar in llguidance's dialect of Lark.
    ///
    /// # Errors
    /// It is no grammar.
    pub fn lark(&self, grammar: &str) -> Result<Grammar, InferenceError> {
        let grammar = TopLevelGrammar::from_lark(grammar.to_owned());
        let matcher = Matcher::new(self.factory.create_parser(grammar));
        match matcher.get_error() {
            Some(error) => Err(failed(error)),
            None => Ok(Grammar(matcher)),
        }
    }
}

impl Grammar {
    /// The likeliest token that may come next, of equal ones that with the lower number; none if
    /// the answer is complete. The token counts as written.
    ///
    /// # Errors
    /// The grammar has become too large to follow.
    pub(super) fn next(&mut self, logits: &[f32]) -> Result<Option<u32>, InferenceError> {
        if self.0.is_stopped() {
            return Ok(None);
        }
        // Mostly the likeliest token is allowed, and looking at it alone is cheaper.
        let mut token = super::highest(logits, |_| true);
        let allowed = token.map(|token| self.0.validate_tokens(&[token]));
        if !matches!(allowed, Some(Ok(1))) || self.0.is_accepting().map_err(failed)? {
            let mask = self.0.compute_mask_or_eos().map_err(failed)?;
            token = super::highest(logits, |token| mask.is_allowed(token));
        }
        let Some(token) = token else {
            return Ok(None);
        };
        self.0.consume_token(token).map_err(failed)?;
        Ok(Some(token))
    }

    /// Tokens that must come next; they count as written.
    ///
    /// # Errors
    /// The grammar has become too large to follow.
    pub(super) fn forced(&mut self) -> Result<Vec<u32>, InferenceError> {
        if self.0.is_stopped() {
            return Ok(Vec::new());
        }
        let forced = self.0.consume_ff_tokens();
        self.0
            .get_error()
            .map_or(Ok(forced), |error| Err(failed(error)))
    }

    pub(super) fn complete(&self) -> bool {
        self.0.is_stopped()
    }
}

fn failed(error: impl std::fmt::Display) -> InferenceError {
    InferenceError::Grammar {
        message: error.to_string(),
    }
}
