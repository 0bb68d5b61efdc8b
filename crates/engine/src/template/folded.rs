//! What the interpreter would make out of constants before the meter runs.
//!
//! It computes `'x' * 3` and the like while it compiles. How large that can become is told from
//! the words of the template: no more than the product of a block's numbers times its texts.

use minijinja::machinery::{Token, WhitespaceConfig, tokenize};
use protocol::{AppError, failure};

/// Most bytes that the constants of a template may become.
const MOST: f64 = 16e6;

/// Errors: `template-too-costly`.
pub(super) fn check(source: &str) -> Result<(), AppError> {
    let mut all = 0.0;
    let mut block = Block::default();
    let tokens = tokenize(
        source,
        false,
        Default::default(),
        WhitespaceConfig::default(),
    );
    // What cannot be cut into words cannot be compiled either, and is said there.
    for (token, _) in tokens.map_while(Result::ok) {
        match token {
            Token::VariableStart | Token::BlockStart => block = Block::default(),
            Token::VariableEnd | Token::BlockEnd => all += block.size(),
            Token::Mul => block.multiplies = true,
            Token::Pow => block.raises = true,
            Token::Int(number) => block.number(number as f64),
            Token::Int128(number) => block.number(*number as f64),
            Token::Float(number) => block.number(number),
            Token::Str(text) => block.words += text.len() as f64,
            Token::String(text) => block.words += text.len() as f64,
            _ => block.words += 1.0,
        }
        if all > MOST {
            return Err(failure::template_too_costly());
        }
    }
    Ok(())
}

/// What stands between two braces.
struct Block {
    multiplies: bool,
    raises: bool,
    /// All numbers multiplied.
    product: f64,
    /// Bytes of texts, and words.
    words: f64,
}

impl Default for Block {
    fn default() -> Self {
        Block {
            multiplies: false,
            raises: false,
            product: 1.0,
            words: 1.0,
        }
    }
}

impl Block {
    fn number(&mut self, number: f64) {
        self.words += 1.0;
        self.product *= number.abs().max(1.0) + 1.0;
    }

    fn size(&self) -> f64 {
        match (self.multiplies, self.raises) {
            (false, _) => 0.0,
            (true, true) => f64::INFINITY,
            (true, false) => self.product * self.words,
        }
    }
}
