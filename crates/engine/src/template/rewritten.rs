//! What is changed in a compiled template before it runs: operators whose results can be longer
//! than what went in are paid for, those that Python knows otherwise are done as there, and what a
//! namespace takes is looked at first.

use super::{arithmetic, namespaces, operators};
use minijinja::machinery::{Instruction, Instructions};

/// The last argument of an instruction that has its function looked up by name each time.
const BY_NAME: u8 = u8::MAX;

/// One of our functions in place of an instruction.
fn function<'a>(name: &'static str, arguments: u16) -> Instruction<'a> {
    Instruction::ApplyFilter(name, Some(arguments), BY_NAME)
}

/// Rewrites a template's instructions. Gives the longest passage of its own words in bytes.
pub(super) fn rewrite(instructions: &mut Instructions<'_>) -> usize {
    let mut longest = 0;
    let whole = instructions.len() as u32;
    // What is added after the end must not be run into.
    instructions.add(Instruction::Return);
    for index in 0..whole {
        let line = instructions.get_line(index);
        let added = instructions.len() as u32;
        let Some(instruction) = instructions.get_mut(index) else {
            break;
        };
        let detour = match instruction {
            Instruction::Add => {
                *instruction = function(arithmetic::ADD, 2);
                continue;
            }
            Instruction::Mul => {
                *instruction = function(arithmetic::MULTIPLY, 2);
                continue;
            }
            Instruction::StringConcat => {
                *instruction = function(arithmetic::JOIN, 2);
                continue;
            }
            Instruction::Rem => {
                *instruction = function(operators::REMAINDER, 2);
                continue;
            }
            Instruction::Lt => {
                *instruction = function(operators::LESS, 2);
                continue;
            }
            Instruction::Lte => {
                *instruction = function(operators::LESS_EQUAL, 2);
                continue;
            }
            Instruction::Gt => {
                *instruction = function(operators::MORE, 2);
                continue;
            }
            Instruction::Gte => {
                *instruction = function(operators::MORE_EQUAL, 2);
                continue;
            }
            Instruction::In => {
                *instruction = function(operators::IN, 2);
                continue;
            }
            Instruction::Slice => {
                *instruction = function(operators::SLICE, 4);
                continue;
            }
            Instruction::GetAttr(name) => {
                if let Some(name) = operators::attribute(name) {
                    *instruction = function(name, 1);
                }
                continue;
            }
            Instruction::EmitRaw(words) => {
                longest = longest.max(words.len());
                continue;
            }
            Instruction::PushLoop(flags) => {
                vec![function(operators::EACH, 1), Instruction::PushLoop(*flags)]
            }
            // Above the value lies the namespace that takes it.
            Instruction::SetAttr(name) => vec![
                Instruction::Swap,
                function(namespaces::TAKEN, 1),
                Instruction::Swap,
                Instruction::SetAttr(name),
            ],
            _ => continue,
        };
        *instruction = Instruction::Jump(added);
        let line = line.and_then(|line| u16::try_from(line).ok()).unwrap_or(0);
        for step in detour.into_iter().chain([Instruction::Jump(index + 1)]) {
            instructions.add_with_line(step, line);
        }
    }
    longest
}
