//! Words of a file, fit to be shown: on one line, bounded, and without power over a terminal.

/// Most characters of a name.
const LONGEST: usize = 120;

/// The words of `text` on one line of at most 120 characters, the last of which is `…` where
/// there were more. Control characters, and those that change the direction of writing, are left
/// out.
pub fn one_line(text: &str) -> String {
    let mut line = String::new();
    let mut length = 0;
    let mut apart = false;
    for letter in text.chars() {
        if letter.is_whitespace() {
            apart = length > 0;
            continue;
        }
        if letter.is_control() || turns(letter) {
            continue;
        }
        if length + usize::from(apart) >= LONGEST {
            line.pop();
            line.push('…');
            break;
        }
        if std::mem::take(&mut apart) {
            line.push(' ');
            length += 1;
        }
        line.push(letter);
        length += 1;
    }
    line
}

/// Whether a character changes the direction of writing: what stands before an ending such as
/// `.gguf` could look as if it stood behind.
fn turns(letter: char) -> bool {
    matches!(
        letter,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_file_have_no_power_over_the_terminal() {
        let check = |text: &str, expected: &str| assert_eq!(one_line(text), expected, "{text:?}");
        check("\x1b]0;x\x07\x1b[2Jevil\nname", "]0;x[2Jevil name");
        check("  Qwen 2.5\t\r\n Coder\u{2028}x ", "Qwen 2.5 Coder x");
        check("a\u{9b}31mb\u{7f}", "a31mb");
        check("\u{202e}fugg\u{202c}.x\u{2066}y\u{200f}", "fugg.xy");
        check("模型 👩‍👧 é", "模型 👩‍👧 é");
        check("\n \x1b", "");
        check(&"é".repeat(120), &"é".repeat(120));
        check(&"é".repeat(121), &format!("{}…", "é".repeat(119)));
        check(&"ab ".repeat(99), &format!("{}a…", "ab ".repeat(39)));
    }
}
