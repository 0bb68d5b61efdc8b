//! What is changed in a compiled template before it runs: operators whose results can be longer
//! than what went in are paid for, and what a namespace takes is looked at first.

use super::{arithmetic, filters, namespaces};
use minijinja::machinery::{Instruction, Instructions};

/// The last argument of an instruction that has its function looked up by name each time.
const BY_NAME: u8 = u8::MAX;

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
                *instruction = Instruction::ApplyFilter(arithmetic::ADD, Some(2), BY_NAME);
                continue;
            }
            Instruction::Mul => {
                *instruction = Instruction::ApplyFilter(arithmetic::MULTIPLY, Some(2), BY_NAME);
                continue;
            }
            Instruction::StringConcat => {
                *instruction = Instruction::ApplyFilter(arithmetic::JOIN, Some(2), BY_NAME);
                continue;
            }
            Instruction::EmitRaw(words) => {
                longest = longest.max(words.len());
                continue;
            }
            Instruction::Slice => vec![
                Instruction::Slice,
                Instruction::ApplyFilter(filters::CUT, Some(1), BY_NAME),
            ],
            // Above the value lies the namespace that takes it.
            Instruction::SetAttr(name) => vec![
                Instruction::Swap,
                Instruction::ApplyFilter(namespaces::TAKEN, Some(1), BY_NAME),
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
