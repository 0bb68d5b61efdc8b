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
option-chat-quantise = 加载文件夹形式的模型时量化其权重，并保留结果：q8_0、q6_k 或 q4_k；不指定则只在内存不足时进行
option-chat-kv = 以 f16 或 q8_0（内存减半）保存已读内容（键和值）；不指定则按设置
option-chat-draft = 由谁先预测词语、再由模型核对，回答相同但更快：词表相同的较小模型、auto（由模型库自行选择）或 none；不指定则按设置
option-chat-no_speculation = 每次只生成一个词元：回答相同，用于测量速度
option-chat-temporary = 不保存任何内容：对话只留在内存中，结束后即消失
option-chat-reasoning = 在标准错误输出中显示模型回答之前的思考；在终端里总会显示
option-chat-json = 与 --once 一起使用：输出一个 JSON 对象，包含回答及其产生过程；出现故障时带有“error”
about-list = 显示模型库中的模型
option-list-json = 输出一个 JSON 列表
option-list-elsewhere = Ollama、LM Studio、Jan、GPT4All 和模型中心缓存在这块磁盘上有、而模型库里没有的模型；“parley import --found” 可在原处添加它们
option-list-downloads = 改为显示正在获取或等待获取的模型
about-search = 先搜索 Parley 自带的目录，再搜索 hub
option-search-words = 关键词、制作者或仓库
option-search-speaks = 只列出会这种语言的模型：en、zh 等
option-search-licence = 只列出采用此许可证的模型，按 hub 的写法：apache-2.0、mit 等
option-search-format = 只列出这种格式的文件：gguf 或 safetensors
option-search-fits = 只列出适合这台电脑的模型；hub 上的模型以其说明的大小为准
option-search-json = 输出一个 JSON 对象
about-pull = 从 hub 下载模型；中断过的会接着下载
option-pull-model = 目录中某个模型的名称，取最适合本机的最大文件；owner/name 表示 safetensors 文件夹，或唯一的 GGUF 文件；owner/name:文件.gguf 或 owner/name:Q4_K_M 表示 GGUF 文件；末尾加 @版本 可指定其他版本
option-pull-json = 每一步输出一个 JSON 对象，最后一个为“done”
about-rm = 删除模型：先说明会删除什么，再询问
option-rm-model = 模型：其 id 或 id 的开头、名称，或路径
option-rm-keep_files = 只从模型库中移除，保留文件
option-rm-yes = 不再询问
option-rm-json = 输出一个 JSON 对象：删除了什么
about-verify = 重新读取模型的每个字节，与原先的内容核对
option-verify-models = 要检查的模型；不填则检查全部
option-verify-json = 多行 JSON：进度，以及每个模型一个含 “done” 的对象
about-update = 查找模型中心上某个模型的新版本并获取；新版本完整之前，旧版本会保留
option-update-model = 模型：标识或其开头、名称或路径
option-update-look = 只查找，并说明需要获取多少
option-update-json = 使用 --look 时，或没有新版本时，输出一个 JSON 对象；否则与 “parley pull --json” 相同
about-mv = 将 Parley 下载的模型移到另一个文件夹，以后的模型也存放在那里
option-mv-folder = 文件夹
option-mv-json = 逐行输出 JSON：进度，最后是模型库的新位置
about-import = 把模型（文件或文件夹）在原处添加到模型库
option-import-path = 模型：GGUF 文件，或含有 safetensors 的文件夹
option-import-found = 不给路径，而是添加 “parley list --elsewhere” 找到的模型：指定编号或名称的，或全部
option-import-json = 每个模型一个 JSON 对象
about-inspect = 显示模型文件的内容，不载入模型
option-inspect-file = 模型：GGUF 文件，或含有 safetensors 的文件夹
option-inspect-json = 输出一个 JSON 对象
about-tokenize = 将标准输入中的文本转换为词元
option-tokenize-file = 模型：GGUF 文件，或含有 safetensors 的文件夹
option-tokenize-special = 加入并识别控制词元；与 --decode 一起使用时将其写出
option-tokenize-decode = 反向转换：将标准输入中的编号转换为文本
about-render = 显示模型实际读到的提示词
option-render-file = 模型：GGUF 文件，或含有 safetensors 的文件夹
option-render-messages = JSON 消息列表，形如 { "{\"role\": \"user\", \"content\": \"…\"}" }，或一个对象，内含“messages”和模板读取的其他变量；“-”表示标准输入
option-render-tools = 模型可以调用的工具：一个 JSON 列表，每项是一个函数的 JSON Schema
option-render-thinking = 模型回答前是否先思考（模板支持时）
option-render-no_generation_prompt = 不含模型回答的开头
about-template = 显示或选择模型对话的书写方式
option-template-model = 模型：名称、编号或其开头，或路径
option-template-set = 使用此文件中的 Jinja 模板，代替模型自带的模板
option-template-form = 使用此名称的提示格式
option-template-clear = 恢复模型自带的模板
option-template-show = 输出正在使用的模板
about-logits = 显示每个位置之后最可能的词元，每行一个 JSON 对象
option-logits-file = 模型：GGUF 文件，或含有 safetensors 的文件夹
option-logits-ids = JSON 词元列表；“-”表示标准输入
option-logits-top = 每个位置显示多少个；默认 10
option-logits-quantise = 加载文件夹形式的模型时量化其权重，并保留结果：q8_0、q6_k 或 q4_k；不指定则只在内存不足时进行
option-logits-kv = 以 f16 或 q8_0（内存减半）保存已读内容（键和值）；不指定则为 f16
about-doctor = 检查 Parley 所需的一切是否齐备
option-doctor-json = 以一个 JSON 列表输出
option-doctor-report = 输出用于报告问题的文字：版本、本机情况、日志的最后几行；不含任何对话内容
about-bench = 测量模型在这台电脑上的运行速度
option-bench-file = 模型：GGUF 文件，或含有 safetensors 的文件夹
option-bench-prefill = 从空的上下文开始读取多少词元：一个或多个数（如 512,4096）；默认为 512
option-bench-decode = 写出多少词元：一个或多个数；默认为 128
option-bench-depth = 在多少词元之后写出：一个或多个数；默认在读取第一个 --prefill 之后
option-bench-runs = 运行次数；默认 3
option-bench-threads = 计算所用的线程数；默认每个核心一个
option-bench-quantise = 加载文件夹形式的模型时量化其权重，并保留结果：q8_0、q6_k 或 q4_k；不指定则只在内存不足时进行
option-bench-kv = 以 f16 或 q8_0（内存减半）保存已读内容（键和值）；不指定则为 f16
option-bench-against = 与另一个程序轮流测量，文件、长度和线程数都相同：llama.cpp（npm 包 node-llama-cpp）
option-bench-peer_dir = 安装该包的文件夹；默认依次为 PARLEY_PEER 所指的文件夹、当前文件夹和 node 自己的文件夹
option-bench-peer_file = 另一个程序读取的文件（如果不同）：例如 FILE 是文件夹时，同一模型的 GGUF 文件
option-bench-no_amx = 双方都不使用矩阵指令 AMX
option-bench-json = 输出一个 JSON 对象

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
elsewhere-none = 其他程序在这里没有模型库之外的模型。
search-none = hub 上没有找到。
search-catalogue = 目录中：
search-hub = hub 上：
rm-look = 将删除 { $name }，释放 { $freed }。
rm-breaks = { $n } 个对话的下一个回答需要换用其他模型。已有内容会保留。
rm-in-use = 有进程正在内存中使用它；该进程结束使用后，空间才会释放。
rm-ask = 要删除吗？（y/n）
rm-needs-yes = 未删除任何内容。无法询问时，请加上 --yes。
rm-done = 已删除 { $name }，释放了 { $freed }。
verify-well = { $name }：每个字节都与原先一致。
update-newest = { $name } 已是最新版本。
update-there = { $name } 有新版本，需要获取 { $size }。用 “parley update” 获取。
downloads-none = 没有正在获取或等待获取的模型。
download-waiting = 正在排队，等 Parley 的窗口或 “parley pull” 来获取
download-asking = 正在询问模型中心
download-running = 正在获取
download-paused = 已暂停
download-checking = 所有字节已到，正在校验最后的部分
download-elsewhere = 另一个程序正在获取它
download-done = 已完成
download-updates = 完整后将取代 { $name }
mv-done = 模型库现在位于 { $path }。
work-progress = { $done } / { $total }
list-used = 用于 { $n } 个对话
list-last-used = 上次使用：{ $n ->
        [0] 今天
       *[other] { $n } 天前
    }
list-keeper-parley = Parley 自有
list-keeper-hub = hub 的文件夹，与其他程序共用
list-keeper-person = 原处使用
list-empty = 模型库是空的。请用“parley import 路径”添加模型。

## 文件内容
inspect-line = { $what }：{ $value }
inspect-unsaid = 未注明
inspect-name = 名称
inspect-format = 格式
inspect-architecture = 架构
inspect-parameters = 参数
inspect-quantisation = 量化
inspect-context = 最长上下文（词元）
inspect-window = 注意力范围
inspect-window-some = 在有窗口的层中为前 { $tokens } 个词元（{ $from }）
inspect-window-all = 全部上下文（{ $from }）
inspect-window-file = 依据模型文件
inspect-window-catalogue = 依据 Parley 的目录；文件本身未注明
inspect-window-nobody = 文件未注明窗口
inspect-layers = 层数
inspect-hidden = 宽度
inspect-heads = 注意力头
inspect-heads-value = { $heads } 个，其中键值头 { $kv } 个，每个宽 { $width }
inspect-experts = 专家
inspect-vocabulary = 词表
inspect-tokenizer = 分词器
inspect-pre-tokenizer = 预分词器
prompt-own = 自带
prompt-form = 未自带；使用其系列的提示格式“{ $form }”（{ $source }）
prompt-text = 未自带，也没有已知的提示格式：基础模型，按原样读取文本
prompt-chosen-form = 您选择的提示格式“{ $form }”
prompt-chosen = 您选择的模板
prompt-line = { $name }：{ $said }
inspect-template = 对话模板
inspect-types = 张量类型
inspect-tensors = 张量
inspect-files = 含张量的文件
inspect-disk = 磁盘占用
inspect-memory = 载入后约占内存
inspect-licence = 许可证

## 测量
bench-model = { $name }，{ $size }。线程：{ $threads }；次数：{ $runs }。执行器 { $executor }，内核 { $kernels }，{ $device }。
bench-machine = 本机使用这些线程时：每秒读取 { $read } GB；每秒 { $integer } × 10⁹ 次字节乘加，{ $float } × 10⁹ 次 32 位小数乘加。
bench-against = 与 { $name }（node-llama-cpp { $version }）轮流测量并比较。
bench-median = 中位数
bench-range = 范围
bench-share = 占上限的比例
bench-ratio = 我方/对方
bench-load = 载入
bench-first = 从零到 { $tokens } 个词元之后的首个词元
bench-prefill = 读取 { $tokens } 个词元
bench-decode = 在 { $depth } 个词元后写出 { $tokens } 个
bench-ms = { $value } 毫秒
bench-speed = { $value } 词元/秒
bench-from-to = { $least } 至 { $most }
bench-of-memory = 内存的 { $percent }%
bench-of-integer = 整数运算的 { $percent }%
bench-of-float = 小数运算的 { $percent }%
bench-memory = 内存：首个词元之后占用 { $resident }，最多 { $peak }。文件为 { $file }，最长一次的键和值占 { $kept }。
bench-peer-memory = { $name } 最多占用 { $peak }。
bench-why-load = 载入的时间用于读取文件头，并把权重的每一页都过一遍。
bench-why-prefill-memory = 提示很短时，读取受内存限制：权重（{ $bytes }）要为整个提示读一遍。
bench-why-prefill-integer = 读取受字节运算限制：每个词元 { $work } × 10⁹ 次乘加。激活值保留为两个 8 位数，以保证回答精确，因此最多能达到这一上限的一半。
bench-why-prefill-float = 当注意力（随提示变长而增加）或 f16、bf16、f32 的权重占大部分运算时，读取受小数运算限制。
bench-why-decode-memory = 写出受内存限制：每个词元都要读取全部权重（{ $bytes }）以及此前的键和值。
bench-why-decode-arithmetic = 写出受运算限制：每个词元 { $work } × 10⁹ 次乘加。
bench-run = 第 { $run } 次，共 { $runs } 次：{ $what }
bench-peer = 正在运行 { $name }
bench-loading = 正在载入，{ $percent }%
bench-computing = { $total } 个词元中的 { $done } 个

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

## 是否一切齐备
doctor-ok = 正常
doctor-attention = 注意
doctor-trouble = 有问题
doctor-line = { $name }：{ $state }。{ $sentence }
doctor-name-folder = 数据文件夹
doctor-name-disk = 磁盘
doctor-name-logs = 日志
doctor-name-kept = 保留已读内容
doctor-name-history = 历史记录
doctor-name-library = 模型库
doctor-name-model = 模型
doctor-name-memory = 内存
doctor-name-worker = 运行模型的程序
doctor-name-processor = 处理器
doctor-name-answer = 回答
doctor-name-display = 显示
doctor-name-web-view = 网页组件
doctor-name-fonts = 字体
doctor-folder-ok = 可以写入 { $path }。
doctor-folder-read-only = 无法写入 { $path }。请更改其权限，或将 PARLEY_HOME 设为其他文件夹。
doctor-disk-ok = 可用空间为 { $free_bytes }。
doctor-disk-little = 可用空间只有 { $free_bytes }，足以保存对话，但放不下新的模型。
doctor-disk-full = 可用空间只有 { $free_bytes }，几乎无法再保存对话。请清理磁盘。
doctor-disk-unknown = 系统没有提供可用空间的大小。
doctor-logs-ok = 日志位于 { $path }。
doctor-logs-read-only = 无法将日志写入 { $path }。没有日志 Parley 也能运行，但出现问题时较难查明原因。
doctor-kept-ok = 模型已读过的内容在磁盘上占用 { $used_bytes }，最多可用 { $most_bytes }。
doctor-kept-off = 按照设置，磁盘上不保留模型已读过的内容。
doctor-kept-no-room = 磁盘空间不足，没有保留模型已读过的内容；重新启动后，模型会从头再读对话。
doctor-history-ok = 完好无损：共 { $conversations } 段对话、{ $messages } 条消息，{ $size_bytes }。
doctor-history-none = 还没有对话。
doctor-library-ok = 可以读取，共 { $models } 个模型。
doctor-model-ok = { $name } 的文件仍在原处且没有改动，{ $size_bytes }。
doctor-memory-ok = 可供模型使用的内存为 { $free_bytes }；最小的模型 { $name } 需要 { $needed_bytes }。
doctor-memory-free = 可供模型使用的内存为 { $free_bytes }。
doctor-worker-ok = 可以启动，版本为 { $version }。
doctor-processor-ok = { $cores } 个核心，{ $device }，使用 { $kernels } 计算。
doctor-processor-slow = { $cores } 个核心，{ $device }，不支持 AVX2，回答会比较慢。请选择小一些的模型。
doctor-answer-ok = { $name } 在 { $seconds } 秒后作出了回答。
doctor-display-ok = 可以打开窗口。
doctor-display-none = 这里没有图形界面，无法打开窗口。请在图形会话中启动 Parley，或用“parley chat”在终端里对话。
doctor-web-view-ok = 已安装 WebKitGTK。
doctor-web-view-missing = 没有找到窗口所需的 WebKitGTK 4.1。请安装：Debian 和 Ubuntu 的软件包是 libwebkit2gtk-4.1-0，Fedora 是 webkit2gtk4.1，Arch 是 webkit2gtk-4.1。
doctor-fonts-ok = 已安装中文字体。
doctor-fonts-missing = 没有中文字体，汉字会显示为方框。请安装一种，例如软件包 fonts-noto-cjk。
doctor-fonts-unknown = 缺少 fc-list，无法得知是否装有中文字体。它包含在软件包 fontconfig 中。
