# 命令行的消息。选项和命令的名称不翻译。

## 帮助：框架
help-usage = 用法：
help-commands = 命令
help-command = 命令
help-arguments = 参数
help-options = 选项
help-endings = 退出码：0 表示一切顺利，1 表示出现故障，2 表示无法理解命令行，130 表示被 Ctrl-C 中断。
    数据保存在系统指定的文件夹中；如果设置了 PARLEY_HOME，则全部保存在其中。
help-desktop = Parley 的窗口。

    用法：parley-desktop [FILE…]

    FILE 是模型文件（GGUF），会被添加到模型库并选用。如果 Parley 已经打开，就由那个窗口接收。

      -h --help       显示此帮助
      -V --version    显示版本

    命令“parley”在终端里提供同样的功能。
option-help = 显示此帮助
option-version = 显示版本
option-language = 消息的语言：en、zh-Hans 或 zh-Hant；默认使用设置或系统的语言

## 帮助：命令
about-parley = 在您自己的电脑上与开放语言模型对话
about-chat = 与模型对话
option-chat-once = 回答这段文本后结束，标准输出中只有回答；“-”表示从标准输入读取文本
option-chat-model = 模型：其标识或标识的开头、名称，或文件路径
option-chat-system = 给模型的固定指示
option-chat-seed = 整数；相同的种子会得到相同的回答
option-chat-temperature = 选词的自由程度：0 总是选最可能的词，常用 0.7
option-chat-max_tokens = 回答的最大长度，以词元计
option-chat-temporary = 不保存任何内容：对话只留在内存中，结束后即消失
option-chat-json = 与 --once 一起使用：输出一个 JSON 对象，包含回答及其产生过程；出现故障时带有“error”
about-list = 显示模型库中的模型
option-list-json = 输出一个 JSON 列表
about-import = 将模型文件加入模型库，文件留在原处
option-import-path = 模型文件
option-import-json = 输出一个 JSON 对象
about-inspect = 显示模型文件的内容，不载入模型
option-inspect-file = 模型文件
option-inspect-json = 输出一个 JSON 对象
about-tokenize = 将标准输入中的文本转换为词元
option-tokenize-file = 模型文件
option-tokenize-special = 加入并识别控制词元；与 --decode 一起使用时将其写出
option-tokenize-decode = 反向转换：将标准输入中的编号转换为文本
about-render = 显示模型实际读到的提示词
option-render-file = 模型文件
option-render-messages = JSON 消息列表，形如 { "{\"role\": \"user\", \"content\": \"…\"}" }；“-”表示标准输入
option-render-no_generation_prompt = 不含模型回答的开头
about-logits = 显示每个位置之后最可能的词元，每行一个 JSON 对象
option-logits-file = 模型文件
option-logits-ids = JSON 词元列表；“-”表示标准输入
option-logits-top = 每个位置显示多少个；默认 10
about-bench = 测量模型文件在这台电脑上的运行速度
option-bench-file = 模型文件
option-bench-prefill = 读取的词元数；默认 512
option-bench-decode = 写出的词元数；默认 128
option-bench-runs = 运行次数；默认 3
option-bench-threads = 计算所用的线程数；默认每个核心一个
option-bench-json = 每次运行输出一个 JSON 对象

## 无法理解的输入
usage-command = 没有“{ $about }”这个命令。
usage-no-command = 缺少命令。
usage-unknown = 无法理解“{ $about }”。
usage-missing = 缺少内容：{ $about }
usage-value = “{ $value }”不适用于 { $about }。
usage-no-value = { $about } 需要一个值。
usage-twice = { $about } 与其他内容不能同时使用。
usage-not-text = 命令行必须是 UTF-8 文本。
usage-hint = “parley --help”和“parley 命令 --help”会显示可用的内容。

## 模型
model-facts = { $parameters } 参数 · { $quantisation } · 上下文 { $context } 个词元 · 磁盘 { $disk } · 内存约 { $memory }
list-empty = 模型库是空的。请用“parley import 文件”添加模型文件。

## 文件内容
inspect-line = { $what }：{ $value }
inspect-unsaid = 未注明
inspect-yes = 有
inspect-no = 无
inspect-name = 名称
inspect-format = 格式
inspect-architecture = 架构
inspect-parameters = 参数
inspect-quantisation = 量化
inspect-context = 最长上下文（词元）
inspect-layers = 层数
inspect-hidden = 宽度
inspect-heads = 注意力头
inspect-heads-value = { $heads } 个，其中键值头 { $kv } 个，每个宽 { $width }
inspect-experts = 专家
inspect-vocabulary = 词表
inspect-tokenizer = 分词器
inspect-pre-tokenizer = 预分词器
inspect-template = 对话模板
inspect-types = 张量类型
inspect-tensors = 张量
inspect-disk = 磁盘占用
inspect-memory = 载入后约占内存
inspect-licence = 许可证

## 测量
bench-line = 载入 { $load } 毫秒 · 读取 { $prefill } 词元/秒 · 写出 { $decode } 词元/秒 · 内存最多 { $memory }

## 对话
chat-model = 由 { $model } 回答
chat-hint = 输入后按 Enter。Ctrl-C 停止回答，Ctrl-D 结束，/help 显示更多。
chat-help = /model         显示模型；/model 加名称或路径可更换模型
    /new           开始新的对话
    /stop          如何停止回答
    /continue      继续写已停止的回答
    /quit          结束
chat-kept = 所有内容都会保存，也会出现在窗口的对话列表中。
chat-temporary = 临时对话：不会保存任何内容，结束后即消失。
chat-new = 新的对话。
chat-stopped = 回答已停止。输入 /continue 可继续写。
chat-how-to-stop = 回答时按 Ctrl-C 即可停止。
chat-how-to-quit = 按 Ctrl-D 或输入 /quit 结束。
chat-unknown-command = 没有“{ $command }”。/help 会显示可用的命令。
chat-loading = 正在载入模型：{ $percent }%
chat-reading = 正在读取：{ $read } / { $total } 个词元
