# 視窗裡的文字。

## 框架
views = 檢視
chat = 對話
settings = 設定
close = 關閉
cancel = 取消
undo = 復原
rename = 重新命名
delete = 刪除
edit = 編輯
more = 更多
dismiss = 知道了
copied = 已複製
trouble = Parley 無法啟動
try-again = 再試一次
details-show = 顯示詳細資料
details-hide = 隱藏詳細資料
failure-without-words = 發生問題，但 Parley 沒有對應的說明

## 數字
milliseconds = { $n } 毫秒
seconds = { $n } 秒
tokens-per-second = { $n } 詞元/秒
sentence-gap = { "" }

## 對話清單
conversations = 對話
conversation = 對話內容
conversation-new = 新對話
conversation-deleted = 對話已刪除
conversations-none = 您的對話會依日期列在這裡。
pane-fold = 收起清單
pane-show = 顯示對話清單
title = 標題
answering = 正在回答
group-today = 今天
group-yesterday = 昨天
group-week = 最近七天
memory = 記憶體
memory-models =
    { $n ->
        [0] 記憶體中沒有模型
       *[other] 記憶體中有 { $n } 個模型
    }
memory-used = { $used } / { $total } GB
memory-free = 剩餘 { $free } / { $total } GB

## 新對話
hello = 問個問題，開始對話
hello-promise = 模型在這台電腦上執行，您寫的內容不會離開這裡。
hello-prompt-1 = 用三句話解釋夜空為什麼是黑的
hello-prompt-2 = 寫一張便條，謝謝幫忙澆花的鄰居
hello-prompt-3 = 寫一個計算文字字數的 Python 函式
hello-starter = { $name } 是很小的模型，速度快，但常常出錯，中文尤其如此。換用較大的模型檔案會答得更好，可在上方的模型選單中開啟。

## 模型
model = 模型
models = 模型
model-loaded = 已載入
model-loading = 載入中
model-loading-so-far = 載入中，{ $part }
model-not-loaded = 未載入
model-unusable = 無法使用
choose-model = 選擇模型
choose-another-model = 選擇其他模型
models-search = 搜尋模型
models-in-memory = 記憶體中
models-on-disk = 這台電腦上
models-none = 還沒有模型。開啟一個模型檔案即可開始。
models-not-found = 沒有符合「{ $search }」的模型。
model-file-open = 開啟模型檔案
model-file-opening = 正在讀取檔案
size-on-disk = 佔用磁碟 { $size }
context-length = 上下文 { $tokens }
fit-fits = 放得下 · 需要 { $size }
fit-tight = 勉強放得下 · 需要 { $size }
fit-large = 記憶體不足，還差 { $size }
fit-in-use = 使用中 · { $size }
fit-in-memory = 記憶體中 · { $size }
switch-if = 如果切換到 { $name }：
switch-load = 先從磁碟載入 { $size }。
switch-read = 它會重新閱讀約 { $tokens } 個詞元。
switch-all = 不會捨棄任何內容。
switch-over = 約有 { $tokens } 個詞元超出它的上下文，最早的訊息會被略去。

## 對話內容
to-end = 到最後
code = 程式碼
code-wrap = 自動換行
code-copy = 複製程式碼
table-show-all = 顯示全部 { $n } 列
switched = 已切換到 { $name }。
switched-read-all = 用 { $time }讀了 { $tokens } 個詞元，沒有捨棄任何內容。
switched-read-cut = 用 { $time }讀了 { $tokens } 個詞元，最早的 { $cut } 則訊息放不下。
cut = 最早的 { $n } 則訊息（{ $tokens } 個詞元）超出這個模型的上下文，已略去。
answer-by = { $name } 的回答
answered = { $name } 回答：{ $text }
answer-copy = 複製回答
answer-again = 重新回答
answer-earlier = 上一個回答
answer-later = 下一個回答
version-earlier = 上一個版本
version-later = 下一個版本
versions = 第 { $at } 個版本，共 { $count } 個
answer-tokens = { $tokens } 個詞元
first-token = 首詞元耗時 { $time }
first-token-loading = 其中 { $time }用於載入模型
stopped = 已停止
interrupted = 已中斷
failed = 沒有回答
ended-length = 已達長度上限
ended-context = 上下文已滿
stage-beginning = 已送出
stage-queued = 正在排隊
stage-loading = 正在載入 { $name }，{ $part }
stage-reading = 正在閱讀，{ $read } / { $total } 個詞元
interrupted-title = 回答中斷了

## 輸入框
composer = 輸入訊息
composer-to = 傳訊息給 { $name }
editing = 您正在改寫一則訊息，原來的版本會保留。
send = 送出
send-empty = 請先寫點什麼
stop = 停止
context = 上下文用量
context-title = 這段對話的詞元數，以及模型能讀的上限
context-used = { $used } / { $total } 詞元

## 設定
settings-sections = 設定分類
settings-appearance = 外觀
settings-language = 語言
settings-language-system = 跟隨系統（{ $name }）
settings-theme = 主題
theme-system = 跟隨系統
theme-light = 淺色
theme-dark = 深色
settings-text-size = 文字大小
text-small = 小
text-standard = 標準
text-large = 大
settings-about = 關於
about-promise = 模型在這台電腦上執行，任何內容都不會離開它。

## 按鍵
keys = 鍵盤
key-heading = 按鍵
key-does = 作用
key-new = 新對話
key-picker = 選擇模型
key-send = 送出
key-newline = 換行
key-stop = 停止回答；關閉浮動視窗
key-again = 重新回答
key-branch = 上一個、下一個版本
key-edit = 輸入框空白時：編輯上一則訊息
key-copy = 複製最後的回答
key-fold = 收起清單
key-region = 視窗的下一個、上一個區域
key-list = 在清單中移動；輸入字母尋找標題
key-rename = 重新命名
key-delete = 刪除（可復原）
key-chat = 對話
key-settings = 設定
key-size = 文字大小
key-table = 這張表
