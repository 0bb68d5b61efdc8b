//! The catalogues: complete, in their own script, and every sentence sayable.

use super::*;
use fluent_syntax::ast;
use protocol::{FAILURES, failure};
use std::collections::{BTreeMap, BTreeSet};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/messages");

/// What is the same in every language: names, and what is only made of arguments.
const SAME_EVERYWHERE: &[&str] = &["Parley", "English", "简体中文", "繁體中文"];

/// The argument for programs: people never read ids.
const UNSAID: &str = "id";

/// Characters of which one script has the left and the other the right. Only such as are never
/// right in the other one.
const PAIRS: &str = "个個 为為 义義 乐樂 习習 书書 买買 亿億 仅僅 从從 仓倉 们們 价價 众眾 优優 会會 传傳 体體 \
    儿兒 兴興 关關 兼兼 内內 写寫 决決 况況 净淨 减減 击擊 则則 刚剛 创創 删刪 别別 动動 务務 区區 协協 单單 卖賣 \
    历歷 压壓 参參 双雙 发發 变變 号號 吗嗎 启啟 员員 响響 问問 围圍 图圖 场場 坏壞 块塊 声聲 处處 备備 够夠 头頭 \
    夹夾 奖獎 学學 宁寧 实實 对對 导導 将將 尔爾 层層 属屬 岁歲 币幣 带帶 帮幫 库庫 应應 开開 异異 张張 弹彈 强強 \
    归歸 当當 录錄 彻徹 态態 总總 恶惡 戏戲 户戶 执執 扩擴 扫掃 护護 报報 担擔 择擇 换換 损損 数數 断斷 无無 旧舊 \
    时時 显顯 术術 机機 杂雜 权權 条條 来來 极極 构構 标標 树樹 样樣 档檔 检檢 欢歡 残殘 毁毀 气氣 汇匯 没沒 测測 \
    温溫 满滿 灭滅 点點 热熱 环環 现現 电電 画畫 盘盤 码碼 础礎 确確 种種 称稱 积積 稳穩 笔筆 类類 紧緊 纪紀 级級 \
    线線 组組 细細 终終 经經 结結 给給 络絡 统統 继繼 续續 维維 编編 缩縮 网網 联聯 肃肅 脑腦 节節 范範 荐薦 获獲 \
    补補 装裝 见見 观觀 规規 视視 览覽 觉覺 订訂 认認 讨討 让讓 议議 记記 许許 论論 设設 访訪 证證 识識 诉訴 词詞 \
    译譯 试試 话話 该該 详詳 语語 误誤 说說 请請 读讀 调調 谢謝 败敗 责責 质質 购購 费費 资資 赖賴 车車 转轉 轮輪 \
    软軟 载載 较較 输輸 边邊 达達 过過 运運 还還 这這 进進 远遠 连連 迟遲 适適 选選 遗遺 里裡 钮鈕 错錯 键鍵 长長 \
    门門 闭閉 间間 队隊 阶階 际際 陆陸 难難 静靜 页頁 项項 顺順 须須 预預 领領 频頻 题題 风風 饮飲 馆館 验驗 齐齊";

fn catalogue(language: Language, file: &str) -> String {
    std::fs::read_to_string(format!("{FOLDER}/{}/{file}", language.tag())).unwrap()
}

/// The files that every language has; the window's comes from another folder's owner.
fn files() -> Vec<String> {
    let names = std::fs::read_dir(format!("{FOLDER}/en")).unwrap();
    let mut names: Vec<_> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.retain(|name| name.ends_with(".ftl"));
    names.sort();
    names
}

/// A text of a catalogue: its words without its arguments, and the arguments that it uses.
#[derive(Debug, Default, PartialEq)]
struct Text {
    words: String,
    args: BTreeSet<String>,
    /// Those that only choose between variants: not every language has plurals.
    selectors: BTreeSet<String>,
}

impl Text {
    fn uses(&self) -> impl Iterator<Item = &String> {
        self.args.iter().chain(&self.selectors)
    }
}

/// The texts of a catalogue by `key` and `key.attribute`.
fn texts(language: Language, file: &str) -> BTreeMap<String, Text> {
    let source = catalogue(language, file);
    let resource = fluent_syntax::parser::parse(source.as_str())
        .unwrap_or_else(|(_, errors)| panic!("{}/{file}: {errors:?}", language.tag()));
    let mut texts = BTreeMap::new();
    for entry in resource.body {
        let ast::Entry::Message(message) = entry else {
            continue;
        };
        let key = message.id.name;
        let attributes = message
            .attributes
            .iter()
            .map(|a| (format!("{key}.{}", a.id.name), &a.value));
        for (key, pattern) in message
            .value
            .iter()
            .map(|value| (key.to_owned(), value))
            .chain(attributes)
        {
            let mut text = Text::default();
            walk(pattern, &mut text);
            assert!(
                texts.insert(key.clone(), text).is_none(),
                "{file}: {key} stands there twice"
            );
        }
    }
    texts
}

fn walk(pattern: &ast::Pattern<&str>, text: &mut Text) {
    for element in &pattern.elements {
        match element {
            ast::PatternElement::TextElement { value } => text.words.push_str(value),
            ast::PatternElement::Placeable {
                expression: ast::Expression::Inline(inline),
            } => {
                argument(inline, text);
            }
            ast::PatternElement::Placeable {
                expression: ast::Expression::Select { selector, variants },
            } => {
                if let ast::InlineExpression::VariableReference { id } = selector {
                    text.selectors.insert(id.name.to_owned());
                }
                for variant in variants {
                    walk(&variant.value, text);
                }
            }
        }
    }
}

fn argument(inline: &ast::InlineExpression<&str>, text: &mut Text) {
    match inline {
        ast::InlineExpression::VariableReference { id } => {
            text.args.insert(id.name.to_owned());
        }
        // Quoted as it is: an example, or a space at an edge.
        ast::InlineExpression::StringLiteral { .. } => {}
        other => {
            panic!("{other:?}: the window's and the terminal's Fluent agree on variables only")
        }
    }
}

#[test]
fn every_failure_is_a_sentence_in_every_language() {
    for language in Language::ALL {
        let texts = texts(language, "errors.ftl");
        let mut known = BTreeSet::new();
        for (name, args) in FAILURES {
            let key = name.replace('_', "-");
            let more = format!("{key}.more");
            let used: BTreeSet<_> = [&key, &more]
                .iter()
                .flat_map(|key| {
                    texts
                        .get(*key)
                        .unwrap_or_else(|| panic!("{}: {key}", language.tag()))
                        .uses()
                })
                .map(String::as_str)
                .collect();
            assert_eq!(
                used,
                args.iter().copied().filter(|arg| *arg != UNSAID).collect(),
                "{}: arguments of {key}",
                language.tag()
            );
            known.extend([key, more]);
        }
        let unknown: Vec<_> = texts.keys().filter(|key| !known.contains(*key)).collect();
        assert!(unknown.is_empty(), "{}: {unknown:?}", language.tag());
    }
}

#[test]
fn every_language_says_the_same_things() {
    for file in files() {
        let english = texts(Language::En, &file);
        for language in [Language::ZhHans, Language::ZhHant] {
            let texts = texts(language, &file);
            let keys =
                |texts: &BTreeMap<String, Text>| texts.keys().cloned().collect::<BTreeSet<_>>();
            let (ours, theirs) = (keys(&english), keys(&texts));
            let differ: Vec<_> = ours.symmetric_difference(&theirs).collect();
            assert!(
                differ.is_empty(),
                "{file}: only in English or only in {}: {differ:?}",
                language.tag()
            );
            for (key, text) in &texts {
                assert_eq!(
                    text.args,
                    english[key].args,
                    "{file}: arguments of {key} in {}",
                    language.tag()
                );
                let same = text.words.trim() == english[key].words.trim();
                let has_words = text.words.chars().any(char::is_alphabetic);
                if same && has_words && !SAME_EVERYWHERE.contains(&text.words.trim()) {
                    panic!(
                        "{file}: {key} in {} is as in English: {:?}",
                        language.tag(),
                        text.words
                    );
                }
            }
        }
    }
}

#[test]
fn each_script_keeps_to_itself() {
    let check = |language: Language, foreign: BTreeSet<char>| {
        for file in files() {
            for (key, text) in texts(language, &file) {
                if SAME_EVERYWHERE.contains(&text.words.trim()) {
                    continue;
                }
                let found: String = text.words.chars().filter(|c| foreign.contains(c)).collect();
                assert!(
                    found.is_empty(),
                    "{file}: {key} in {} has {found}",
                    language.tag()
                );
                for mark in [", ", "? ", "! ", "; ", "...", "!"] {
                    assert!(
                        !text.words.contains(mark),
                        "{file}: {key} in {} has {mark:?}",
                        language.tag()
                    );
                }
            }
        }
    };
    let pairs = || {
        PAIRS
            .split_whitespace()
            .map(|pair| (pair.chars().next().unwrap(), pair.chars().nth(1).unwrap()))
    };
    let pairs = || pairs().filter(|(simplified, traditional)| simplified != traditional);
    assert!(pairs().count() > 200);
    check(
        Language::ZhHant,
        pairs().map(|(simplified, _)| simplified).collect(),
    );
    check(
        Language::ZhHans,
        pairs().map(|(_, traditional)| traditional).collect(),
    );
}

#[test]
fn sentences_name_their_arguments() {
    let check = |error: &protocol::AppError, language: Language, said: &str| {
        assert_eq!(sentence(error, language), said);
    };
    let short = failure::memory_short("Llama", 4_440_000_000_u64, 1_000_000_000_u64, "none");
    check(
        &short,
        Language::En,
        "There is not enough memory for Llama. It needs about 4.4 GB, and 1.0 GB is free. \
         Close other programs, or choose a smaller model.",
    );
    let long = failure::context_overflow(12_345_u32, 8192_u32, 4153_u32);
    check(
        &long,
        Language::ZhHans,
        "内容太长，模型读不下。它有 12,345 个词元，而模型最多读取 8,192 个，超出 4,153 个。请缩短内容，或选择上下文更长的模型。",
    );
    check(
        &failure::message_empty(),
        Language::ZhHant,
        "沒有可傳送的內容。請先寫些什麼。",
    );
    // Right-to-left names come without marks that a terminal would show.
    assert!(!sentence(&failure::model_unknown("שלום"), Language::En).contains('\u{2068}'));
    // A failure of a newer Parley on the same history.
    let newer = protocol::AppError {
        key: "of-tomorrow".into(),
        args: BTreeMap::new(),
        detail: None,
    };
    assert!(sentence(&newer, Language::En).starts_with("Something did not go as planned"));
}

#[test]
fn every_sentence_can_be_said() {
    for language in Language::ALL {
        for (name, args) in FAILURES {
            let args = args
                .iter()
                .map(|arg| ((*arg).to_owned(), protocol::Arg::Text(format!("<{arg}>"))));
            let args: BTreeMap<_, _> = args.collect();
            let error = protocol::AppError {
                key: name.replace('_', "-"),
                args: args.clone(),
                detail: None,
            };
            let said = sentence(&error, language);
            assert!(said.chars().count() > 10 && !said.contains('{'), "{said}");
            for arg in args
                .keys()
                .filter(|arg| *arg != "smaller" && *arg != UNSAID)
            {
                assert!(said.contains(&format!("<{arg}>")), "{said} lacks {arg}");
            }
        }
    }
}
