# 窗口里的文字。

## 框架
views = 视图
chat = 对话
settings = 设置
close = 关闭
cancel = 取消
undo = 撤销
rename = 重命名
delete = 删除
edit = 编辑
more = 更多
dismiss = 知道了
copied = 已复制
trouble = Parley 无法启动
try-again = 重试
details-show = 显示详情
details-hide = 隐藏详情
failure-without-words = 出了问题，但 Parley 没有对应的说明

## 数字
milliseconds = { $n } 毫秒
seconds = { $n } 秒
tokens-per-second = { $n } 词元/秒
sentence-gap = { "" }

## 对话列表
conversations = 对话
conversation = 对话内容
conversation-new = 新对话
conversation-temporary = 新的临时对话
temporary = 临时
temporary-promise = 临时对话：不会保存到任何地方，关闭 Parley 后即消失
conversation-deleted = 对话已删除
conversations-none = 您的对话会按日期列在这里。
pane-fold = 收起列表
pane-show = 显示对话列表
title = 标题
answering = 正在回答
group-today = 今天
group-yesterday = 昨天
group-week = 最近七天
memory = 内存
memory-models =
    { $n ->
        [0] 内存中没有模型
       *[other] 内存中有 { $n } 个模型
    }
memory-used = { $used } / { $total } GB
memory-free = 剩余 { $free } / { $total } GB
processor = 处理器
gauge = 内存与处理器
gauge-models = 模型
gauge-parley = Parley 合计
gauge-memory = 所有程序
gauge-processor = 处理器，全部
gauge-parley-processor = 处理器，Parley

## 新对话
hello = 问个问题，开始对话
hello-temporary = 问点不留记录的
hello-promise = 模型在这台电脑上运行，您写的内容不会离开这里。
hello-prompt-1 = 用三句话解释天空为什么是蓝的
hello-prompt-2 = 法国的首都是哪里？那里以什么闻名？
hello-prompt-3 = 给帮忙浇花的邻居写一张感谢便条
hello-starter = { $name } 是一个小型的英语演示模型：速度快，但经常出错，也不太懂中文。
hello-better = 就这台电脑和您的语言而言，{ $name } 会更合适，约需下载 { $size }。
hello-better-how = Parley 目前还不能自行下载。请从 huggingface.co 获取 { $file }，再在这里打开。

## 模型
model = 模型
models = 模型
model-loaded = 已载入
model-loading = 正在载入
model-loading-so-far = 正在载入，{ $part }
model-not-loaded = 未载入
model-unusable = 无法使用
choose-model = 选择模型
choose-another-model = 选择其他模型
models-search = 搜索模型
models-in-memory = 内存中
models-on-disk = 这台电脑上
models-none = 还没有模型。打开一个模型文件即可开始。
models-not-found = 没有与“{ $search }”相符的模型。
model-file-open = 打开模型文件
model-folder-open = 打开模型文件夹
model-file-opening = 正在读取模型
model-load = 将 { $name } 载入内存
model-eject = 将 { $name } 移出内存
model-answers-now = 它正在回答
size-on-disk = 占用磁盘 { $size }
context-length = 上下文 { $tokens }
fit-fits = 放得下 · 需要 { $size }
fit-tight = 勉强放得下 · 需要 { $size }
fit-large = 内存不足，还差 { $size }
fit-in-use = 使用中 · { $size }
fit-in-memory = 内存中 · { $size }
switch-if = 如果切换到 { $name }：
switch-load = 先从磁盘载入 { $size }。
switch-read = 它会重新阅读约 { $tokens } 个词元。
switch-all = 不会丢掉任何内容。
switch-over = 约有 { $tokens } 个词元超出它的上下文，最早的消息会被略去。

## 对话内容
to-end = 跳到末尾
code = 代码
code-wrap = 自动换行
code-copy = 复制代码
table-show-all = 显示全部 { $n } 行
switched = 已切换到 { $name }。
switched-read-all = 用 { $time }读了 { $tokens } 个词元，没有丢掉任何内容。
switched-read-cut = 用 { $time }读了 { $tokens } 个词元，最早的 { $cut } 条消息放不下。
cut = 最早的 { $n } 条消息（{ $tokens } 个词元）超出了这个模型的上下文，已略去。
answer-by = { $name } 的回答
answered = { $name } 回答：{ $text }
thinking = 正在思考
thought-for = 已思考 { $time }
thought-only = 模型思考之后没有写出回答。
answer-copy = 复制回答
answer-again = 重新回答
go-on = 继续写
answer-earlier = 上一个回答
answer-later = 下一个回答
version-earlier = 上一个版本
version-later = 下一个版本
versions = 第 { $at } 个版本，共 { $count } 个
answer-tokens = { $tokens } 个词元
first-token = 首个词元用时 { $time }
first-token-loading = 其中 { $time }用于载入模型
stopped = 已停止
interrupted = 已中断
failed = 没有回答
ended-length = 已达长度上限
ended-context = 上下文已满
stage-beginning = 已发送
stage-queued = 正在排队
stage-loading = 正在载入 { $name }，{ $part }
stage-reading = 正在阅读，{ $read } / { $total } 个词元
interrupted-title = 回答中断了

## 输入框
composer = 输入消息
composer-to = 发消息给 { $name }
editing = 您正在改写一条消息，原来的版本会保留。
send = 发送
send-empty = 请先写点什么
stop = 停止
context = 上下文用量
context-title = 这段对话的词元数，以及模型能读的上限
context-used = { $used } / { $total } 词元

## 设置
settings-sections = 设置分类
settings-appearance = 外观
settings-language = 语言
settings-language-system = 跟随系统（{ $name }）
settings-theme = 主题
theme-system = 跟随系统
theme-light = 浅色
theme-dark = 深色
settings-text-size = 文字大小
text-small = 小
text-standard = 标准
text-large = 大
settings-models = 模型与内存
settings-memory = 模型占用的内存
settings-memory-help = 放不下的模型在载入之前就会被拒绝。
settings-files = 模型文件
settings-files-help = 文件在原处使用，Parley 不会复制或更改它们。
settings-data = 您的数据
settings-privacy = 隐私
settings-privacy-help = 您写的内容留在这台电脑上。没有账号，没有遥测，也不向任何服务器发送请求。
settings-reading = 保留已读内容
settings-reading-help = 保留模型已读过的对话内容，您回到某个对话时，模型就不必从头再读。
settings-reading-used = 目前占用磁盘 { $used }
settings-reading-none = 目前没有保留任何内容
settings-reading-automatic = 自动
settings-reading-usual = 自动（最多 { $size }）
settings-reading-off = 不保留
settings-reading-size = 最多 { $size }
settings-reading-clear = 清除
settings-kept = 保存位置
settings-kept-help = 对话、设置和模型列表都在同一个文件夹中：
settings-trouble = 故障排查
settings-logs = 日志
settings-logs-help = 记录 Parley 做了什么，不含任何对话内容：
diagnostics = 诊断信息
diagnostics-help = 版本、硬件和最近的故障，供报告问题时使用，不含任何对话内容。
diagnostics-show = 显示
diagnostics-copy = 复制诊断信息
diagnostics-copied = 诊断信息已复制
settings-about = 关于
about-promise = 模型在这台电脑上运行，任何内容都不会离开它。
licences = 所含组件的许可证
licences-help = Parley 是采用 Apache-2.0 许可证的自由软件。安装后，各组成部分的许可证位于此文件夹：

## 关闭窗口，以及来自外部的文件
close-title = 要关闭 Parley 吗？
close-writing = 有一个回答还没有写完。
close-kept = 写出的内容会保留。
close-temporary = 临时对话会随之消失。
close-written = 回答现在已经写完了。
close-not = 继续写完
drop-here = 将模型文件或文件夹拖放到这里即可添加
adding = 正在读取 { $name }
adding-of = 正在读取 { $name }（第 { $at } 个，共 { $count } 个）

## 页面之外，窗口本身的用语
awake-why = 正在撰写回答
page-dies-simple = 用简易绘制方式重新启动
page-dies-again = 重试
page-dies-close = 关闭

## 按键
keys = 键盘
key-heading = 按键
key-does = 作用
key-new = 新对话
key-temporary = 新的临时对话
key-picker = 选择模型
key-send = 发送
key-newline = 换行
key-stop = 停止回答；关闭浮动窗口
key-again = 重新回答
key-go-on = 继续写已停止的回答
key-branch = 上一个、下一个版本
key-edit = 输入框为空时：编辑上一条消息
key-copy = 复制最后的回答
key-fold = 收起列表
key-region = 窗口的下一个、上一个区域
key-list = 在列表中移动；输入字母查找标题
key-rename = 重命名
key-delete = 删除（可撤销）
key-chat = 对话
key-settings = 设置
key-size = 文字大小
key-table = 这张表

## 帮我选择：推荐某个模型的理由
choose-everyday = 适合对话、写作和各种提问。
choose-code = 专为编程而作。
choose-maths = 专为数学而作。
choose-medicine = 专为医学和生物学而作。
choose-study = 制作过程全部公开：数据、代码、记录和权重。
choose-general = 通用模型，这方面也能胜任。
choose-language = 懂您的语言。
choose-home = 专为您的语言而作。
choose-open = 制作过程全部公开：数据、代码、记录和权重。
choose-restricted = 它的许可证（{ $licence }）并不允许所有用途。
choose-quick = 在这台电脑上每秒约写 { $n } 个词元，比阅读还快。
choose-slow = 在这台电脑上每秒只能写约 { $n } 个词元。
choose-bytes = 下载和保存需要 { $bytes }。
choose-no-advice = 仅供学习研究：它不是医生，不能作为健康建议。
