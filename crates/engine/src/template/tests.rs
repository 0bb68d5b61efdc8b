//! Templates as models have them, and templates that mean harm.

use super::*;
use protocol::{PromptMessage, Role};
use std::time::Instant;

fn template(source: &str) -> Template {
    Template {
        source: source.into(),
        for_tools: None,
        sha256: sha256(source),
        stops: Vec::new(),
        bos: "<s>".into(),
        eos: "</s>".into(),
    }
}

fn message(role: Role, content: &str) -> PromptMessage {
    PromptMessage::new(role, content)
}

fn conversation() -> TemplateInput {
    let messages = [
        message(Role::System, "Be brief."),
        message(Role::User, " Hi\n"),
        message(Role::Assistant, "Hello!"),
        message(Role::User, "Bye"),
    ];
    TemplateInput::of(&messages, true)
}

fn check(source: &str, expected: &str) {
    let rendered = template(source).render(&conversation());
    assert_eq!(rendered.as_deref(), Ok(expected), "{source}");
}

#[test]
fn templates_render_as_in_python() {
    check(
        "{% for m in messages %}\n  {% if m.role == 'user' %}\n{{ m['content'] | trim }};\n{% endif %}\n{% endfor %}\n",
        "Hi;\nBye;\n",
    );
    check(
        "{{ bos_token }}{{ messages[0].role }}{{ eos_token }}{% if add_generation_prompt %}!{% endif %}",
        "<s>system</s>!",
    );
    check(
        "{{ messages[1:] | length }} {{ messages | length - 1 }}",
        "3 3",
    );
    check(
        "{{ true }} {{ none }} {{ 1 + 2 * 3 }} {{ 'a' ~ 1 ~ 'b' }} {{ 'ab' * 3 }}",
        "True None 7 a1b ababab",
    );
    check(
        "{{ ([1, 2] + [3]) | join('-') }} {{ 1.5 + 1 }}",
        "1-2-3 2.5",
    );
    check(
        "{{ messages[1].content.strip().upper() }} {{ 'x,y'.split(',')[1] }}",
        "HI y",
    );
    check(
        "{{ 'xay'.partition('a')[2] }}{{ 'abc'.removeprefix('a') }}{{ 'abc'.replace('b', '__') }}",
        "ybca__c",
    );
    check(
        "{{ {'b': [1, none, true], 'a': 'é\"\\n'} | tojson }}",
        r#"{"b": [1, null, true], "a": "é\"\n"}"#,
    );
    check(
        "{{ {'a': [1, 2]} | tojson(indent=2) }}",
        "{\n  \"a\": [\n    1,\n    2\n  ]\n}",
    );
    check("{{ [] | tojson }}{{ {} | tojson(indent=4) }}", "[]{}");
    check(
        "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}",
        "4",
    );
    check(
        "{% macro f(x) %}[{{ x }}]{% endmacro %}{{ f('a') }}{{ tools is none }}",
        "[a]True",
    );
    check(
        "{% for i in range(3) %}{% if i == 1 %}{% continue %}{% endif %}{{ i }}{% endfor %}",
        "02",
    );
    check(
        "{{ messages | selectattr('role', 'equalto', 'user') | map(attribute='content') | list | length }}",
        "2",
    );
    check("{{ 'a\nb' | indent(2) }}", "a\n  b");
    check(
        "{{ tools is iterable }} {{ [] is iterable }} {{ 'x' is iterable }}",
        "False True True",
    );
    check("a {%- generation -%} b {%- endgeneration %} c", "ab c");
}

#[test]
fn a_template_says_why_it_refuses() {
    let error = template("{{ raise_exception('No system ' ~ messages[0].role) }}")
        .render(&conversation())
        .unwrap_err();
    assert_eq!(error.key, "template-failed");
    assert_eq!(error.args["reason"], "No system system".into());
    for source in [
        "{% for %}",
        "{{ messages.nothing.there }}",
        "{{ f() }}",
        "{% include 'x' %}",
    ] {
        let error = template(source).render(&conversation()).unwrap_err();
        assert_eq!(error.key, "template-failed", "{source}");
    }
}

/// Each line of the table as its source writes it.
#[test]
fn prompt_forms_are_as_they_are_documented() {
    let check = |name: &str, expected: &str| {
        let form = formats::forms::Form::named(name).unwrap();
        let said = [
            message(Role::User, "Q1"),
            message(Role::Assistant, "A1"),
            message(Role::User, "Q2"),
        ];
        let rendered = template(form.template).render(&TemplateInput::of(&said, true));
        assert_eq!(rendered.as_deref(), Ok(expected), "{name}");
    };
    check(
        "falcon",
        "User: Q1\n\nAssistant: A1\n\nUser: Q2\n\nAssistant:",
    );
    check(
        "openassistant",
        "<|prompter|>Q1<|endoftext|><|assistant|>A1<|endoftext|><|prompter|>Q2<|endoftext|><|assistant|>",
    );
    check(
        "gpt4all-falcon",
        "### Instruction:\nQ1\n\n### Response:\nA1\n\n### Instruction:\nQ2\n\n### Response:\n",
    );
    check(
        "llama-2",
        "<s>[INST] Q1 [/INST] A1 </s><s>[INST] Q2 [/INST]",
    );
    check(
        "elyza-llama-2",
        "<s>[INST] <<SYS>>\nあなたは誠実で優秀な日本人のアシスタントです。\n<</SYS>>\n\nQ1 [/INST] A1 </s><s>[INST] Q2 [/INST] ",
    );
    check(
        "llama-pro",
        "<|user|>\nQ1\n<|assistant|>\nA1</s>\n<|user|>\nQ2\n<|assistant|>\n",
    );
    check("mistral-v1", "<s>[INST] Q1 [/INST] A1</s>[INST] Q2 [/INST]");
    check("mistral-v3", "<s>[INST] Q1[/INST] A1</s>[INST] Q2[/INST]");
    check(
        "mistral-v3-tekken",
        "<s>[INST]Q1[/INST]A1</s>[INST]Q2[/INST]",
    );
    check(
        "openmath-mistral",
        "System:\nYou're an expert Python programmer and mathematician. Help the user to solve this problem using code when necessary. Make sure to put the answer (and only answer) inside \\boxed{}.\n\nUser:\nQ1\n\nAssistant:\nA1\n\nUser:\nQ2\n\nAssistant:\n",
    );
    check(
        "olmo",
        "</s><|user|>\nQ1\n<|assistant|>\nA1</s>\n<|user|>\nQ2\n<|assistant|>\n",
    );
    check("text", "Q1\n\nA1\n\nQ2");
    check(
        "gemma",
        "<s><start_of_turn>user\nQ1<end_of_turn>\n<start_of_turn>model\nA1<end_of_turn>\n<start_of_turn>user\nQ2<end_of_turn>\n<start_of_turn>model\n",
    );
    let system = [message(Role::System, "S"), message(Role::User, "Q")];
    for (name, expected) in [
        ("llama-2", "<s>[INST] <<SYS>>\nS\n<</SYS>>\n\nQ [/INST]"),
        ("mistral-v1", "<s>[INST] S\n\nQ [/INST]"),
        (
            "openassistant",
            "<|prompter|>S\n\nQ<|endoftext|><|assistant|>",
        ),
        ("falcon", "S\n\nUser: Q\n\nAssistant:"),
        ("text", "S\n\nQ"),
    ] {
        let form = formats::forms::Form::named(name).unwrap();
        let rendered = template(form.template).render(&TemplateInput::of(&system, true));
        assert_eq!(rendered.as_deref(), Ok(expected), "{name}");
    }
}

fn check_costly(source: &str) {
    let begun = Instant::now();
    let error = template(source).render(&conversation()).unwrap_err();
    let took = begun.elapsed().as_secs_f64();
    assert!(
        error.key == "template-too-costly" || error.key == "template-failed",
        "{source}: {error}"
    );
    assert!(took < 4.0, "{source}: {took} s");
}

#[test]
fn hostile_templates_end_soon_and_small() {
    let loops = |body: &str| {
        format!(
            "{{% set ns = namespace(x='x', l=[]) %}}{{% for i in range(99999) %}}{{% for j in range(99999) %}}{body}{{% endfor %}}{{% endfor %}}{{{{ ns.x }}}}{{{{ ns.l }}}}"
        )
    };
    check_costly(&loops(""));
    check_costly(&loops("{{ i }}"));
    check_costly(&loops("a long passage of the template's own words"));
    check_costly(&loops("{% set ns.x = ns.x ~ ns.x %}"));
    check_costly(&loops("{% set ns.x = ns.x + ns.x %}"));
    check_costly(&loops("{% set ns.x = ns.x * 2 %}"));
    check_costly(&loops("{% set ns.x = ns.x | replace('x', 'xx') %}"));
    check_costly(&loops("{% set ns.x = ns.x.replace('x', 'xx') %}"));
    check_costly(&loops("{% set ns.x = ns.x.join(['a', ns.x]) %}"));
    check_costly(&loops("{% set ns.x = [ns.x, ns.x] | join(ns.x) %}"));
    check_costly(&loops("{% set ns.x %}{{ ns.x }}{{ ns.x }}{% endset %}"));
    check_costly(&loops("{% set ns.x = (ns.x, ns.x) | string %}"));
    check_costly(&loops("{% set ns.x = ns.x | indent(9999999) %}"));
    check_costly(&loops("{% set ns.x = ns.x | tojson %}"));
    check_costly(&loops("{% set ns.l = ns.l + range(99999) | list %}"));
    check_costly(&loops("{% set ns.l = ns.l + ns.l + [1] %}"));
    check_costly(&loops("{% set ns.l = ns.l * 2 + [1] %}"));
    check_costly(&loops("{% set ns.l = [ns.l, ns.l] %}"));
    check_costly(&loops("{% set ns.l = [ns.l] %}"));
    check_costly("{% set x = 'x' * 1000000000 %}{{ x }}");
    check_costly("{{ [0] * 1000000000 }}");
    check_costly("{{ ([0] * 1000000000) ~ '' }}");
    check_costly("{{ 'x' * 10 ** 9 }}");
    check_costly(&"{{ ('x' * 99999 * 999) | length }}".repeat(500));
    check_costly("{{ range(1000000000) | list }}");
    check_costly("{{ '%1000000000d' % 1 }}");
    check_costly("{{ '{:>1000000000}'.format(1) }}");
    check_costly("{{ '%999999999d' | format(1) }}");
    check_costly("{% macro f(x) %}{{ f(x) }}{{ f(x) }}{% endmacro %}{{ f(1) }}");
    check_costly(&format!(
        "{{{{ {}1{} }}}}",
        "(".repeat(100_000),
        ")".repeat(100_000)
    ));
    check_costly(&"{% if true %}".repeat(20_000));
    check_costly(&"{{ 1 }}".repeat(100_000));
}

/// It was written, compared and dropped without end, and the worker died of it.
#[test]
fn a_namespace_does_not_hold_itself() {
    for source in [
        "{% set a = namespace() %}{% set a.a = a %}{{ a }}",
        "{% set a = namespace() %}{% set a.a = [[a]] %}{{ a == a }}",
        "{% set a = namespace() %}{% set a.a = {'a': a} %}{{ a | tojson }}",
        "{% set a = namespace() %}{% set b = namespace() %}{% set a.b = b %}{% set b.a = a %}{{ a }}",
        "{% set a = namespace() %}{% set b = namespace(a=a) %}{% set a.b = b %}{{ a < b }}",
        "{% set a = namespace() %}{% set b = [a][0:] %}{% set a.b = b %}{{ [a, b] | sort }}",
        "{% set a = namespace() %}{% for a.a in [a] %}{{ a }}{% endfor %}",
        "{% set a = namespace() %}{% for x in range(9999) %}{% set a.a = {'a': a.a} %}{% endfor %}",
        "{% set a = namespace() %}{% macro f() %}{% set a.a = a %}{{ a }}{% endmacro %}{{ f() }}",
    ] {
        let error = template(source).render(&conversation()).unwrap_err();
        assert_eq!(error.key, "template-failed", "{source}: {error}");
    }
    check(
        "{% set a = namespace(l=[]) %}{% for m in messages %}{% set a.l = [m, {'of': a.l[:1]}] %}{% endfor %}{{ a.l[0].content }}",
        "Bye",
    );
    check(
        "{% set a = namespace(x='abcd') %}{% for i in range(3) %}{% set a.x = a.x[1:] %}{% endfor %}{{ a.x }}",
        "d",
    );
}

/// Values are written, compared and dropped by recursion, and a long source nests deeply.
#[test]
fn what_a_long_source_nests_fits_the_stack() {
    for (step, count) in [("{%set x=[x]%}", 20_000), ("{%set x=x[0:]%}", 16_000)] {
        let nest = format!("{{% set x = [1] %}}{}", step.repeat(count));
        for end in [
            "{{ x == x[0:] }}{{ [x, [x]] | sort | unique | list | length }}{{ x }}",
            "{{ {x: 1} | length }}{% for y in x %}{{ y | string | length }}{% endfor %}",
        ] {
            // A stack that overflows ends the process, and this with it.
            let rendered = template(&format!("{nest}{end}")).render(&TemplateInput::default());
            let refused = rendered.err();
            assert!(
                refused
                    .as_ref()
                    .is_none_or(|error| error.key != "template-failed"),
                "{end}: {refused:?}"
            );
        }
    }
}

/// Cuts of a text and lists of its letters were free, and took gigabytes.
#[test]
fn pieces_of_a_text_are_paid_for() {
    let cuts = "ns.x[1:],".repeat(2000);
    let doubled = "{% set ns = namespace(x='x') %}{% for i in range(22) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}";
    for rest in [
        format!("{{% set y = [{cuts}] %}}{{{{ y | length }}}}"),
        "{{ ns.x | list | length }}".to_owned(),
        "{{ ns.x | map('upper') | list | length }}".to_owned(),
    ] {
        let rendered = template(&format!("{doubled}{rest}")).render(&conversation());
        assert_eq!(rendered.unwrap_err().key, "template-too-costly", "{rest}");
    }
    let small = doubled.replace("22", "10");
    check(
        &format!("{small}{{{{ ns.x[1:] | list | length }}}}"),
        "1023",
    );
}

#[test]
fn long_templates_are_compiled() {
    let sum = format!("{{{{ {}1 }}}}", "1~".repeat(40_000));
    assert_eq!(
        template(&sum)
            .render(&TemplateInput::default())
            .unwrap()
            .len(),
        40_001
    );
    check(
        "{{ '-' * 40 }}{{ 2 * 3 * 4 }}",
        &format!("{}24", "-".repeat(40)),
    );
}

/// Trimming cost as much as splitting, and a conversation of a few megabytes failed.
#[test]
fn long_conversations_can_be_trimmed() {
    let long = TemplateInput::of(&[message(Role::User, &" word".repeat(1 << 20))], true);
    let trimmed = template("{{ messages[0]['content'] | trim }}").render(&long);
    assert_eq!(trimmed.unwrap().len(), (5 << 20) - 1);
    let split = template("{{ messages[0]['content'] | split | length }}").render(&long);
    assert_eq!(split.unwrap_err().key, "template-too-costly");
}
