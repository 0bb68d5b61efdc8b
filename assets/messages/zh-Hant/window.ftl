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
conversation-temporary = 新的臨時對話
temporary = 臨時
temporary-promise = 臨時對話：不會儲存在任何地方，關閉 Parley 後就會消失
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
processor = 處理器
gauge = 記憶體與處理器
gauge-models = 模型
gauge-parley = Parley 合計
gauge-memory = 所有程式
gauge-processor = 處理器，全部
gauge-parley-processor = 處理器，Parley

## 新對話
hello = 問個問題，開始對話
hello-temporary = 問點不留紀錄的
hello-promise = 模型在這台電腦上執行，您寫的內容不會離開這裡。
hello-prompt-1 = 用三句話解釋天空為什麼是藍的
hello-prompt-2 = 法國的首都是哪裡？那裡以什麼聞名？
hello-prompt-3 = 寫一張便條，謝謝幫忙澆花的鄰居
hello-starter = { $name } 是一個小型的英語示範模型：速度快，但常常出錯，也不太懂中文。
hello-better = 以這台電腦和您的語言來說，{ $name } 會更合適，約需下載 { $size }。
hello-better-how = Parley 目前還不能自行下載。請從 huggingface.co 取得 { $file }，再從這裡開啟。

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
model-folder-open = 開啟模型資料夾
model-file-opening = 正在讀取模型
model-load = 將 { $name } 載入記憶體
model-eject = 將 { $name } 移出記憶體
model-answers-now = 它正在回答
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
to-end = 跳到最後
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
thinking = 思考中
thought-for = 思考了 { $time }
thought-only = 模型思考之後沒有寫出回答。
answer-copy = 複製回答
answer-again = 重新回答
go-on = 繼續寫
answer-earlier = 上一個回答
answer-later = 下一個回答
version-earlier = 上一個版本
version-later = 下一個版本
versions = 第 { $at } 個版本，共 { $count } 個
answer-tokens = { $tokens } 個詞元
first-token = 首個詞元耗時 { $time }
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
settings-models = 模型與記憶體
settings-memory = 模型佔用的記憶體
settings-memory-help = 放不下的模型在載入之前就會被拒絕。
settings-files = 模型檔案
settings-files-help = 檔案在原處使用，Parley 不會複製或更動它們。
settings-data = 您的資料
settings-privacy = 隱私
settings-privacy-help = 您寫的內容留在這台電腦上。沒有帳號，沒有遙測，也不向任何伺服器送出要求。
settings-reading = 保留已讀內容
settings-reading-help = 保留模型已讀過的對話內容，您回到某個對話時，模型就不必從頭再讀。
settings-reading-used = 目前佔用磁碟 { $used }
settings-reading-none = 目前沒有保留任何內容
settings-reading-automatic = 自動
settings-reading-usual = 自動（最多 { $size }）
settings-reading-off = 不保留
settings-reading-size = 最多 { $size }
settings-reading-clear = 清除
settings-kept = 儲存位置
settings-kept-help = 對話、設定和模型清單都在同一個資料夾裡：
settings-trouble = 疑難排解
settings-logs = 記錄檔
settings-logs-help = 記錄 Parley 做了什麼，不含任何對話內容：
diagnostics = 診斷資訊
diagnostics-help = 版本、硬體和最近的故障，供回報問題時使用，不含任何對話內容。
diagnostics-show = 顯示
diagnostics-copy = 複製診斷資訊
diagnostics-copied = 已複製診斷資訊
settings-about = 關於
about-promise = 模型在這台電腦上執行，任何內容都不會離開它。
licences = 內含元件的授權條款
licences-help = Parley 是採用 Apache-2.0 授權的自由軟體。安裝後，各部分的授權條款位於這個資料夾：

## 關閉視窗，以及來自外部的檔案
close-title = 要關閉 Parley 嗎？
close-writing = 有一個回答還沒寫完。
close-kept = 寫出的內容會保留。
close-temporary = 臨時對話會隨之消失。
close-written = 回答現在已經寫完了。
close-not = 繼續寫完
drop-here = 將模型檔案或資料夾拖放到這裡即可加入
adding = 正在讀取 { $name }
adding-of = 正在讀取 { $name }（第 { $at } 個，共 { $count } 個）

## 頁面之外，視窗本身的用語
awake-why = 正在撰寫回答
page-dies-simple = 用簡易繪製方式重新啟動
page-dies-again = 再試一次
page-dies-close = 關閉

## 按鍵
keys = 鍵盤
key-heading = 按鍵
key-does = 作用
key-new = 新對話
key-temporary = 新的臨時對話
key-picker = 選擇模型
key-send = 送出
key-newline = 換行
key-stop = 停止回答；關閉浮動視窗
key-again = 重新回答
key-go-on = 繼續寫已停止的回答
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

## 幫我選擇：推薦某個模型的理由
choose-everyday = 適合對話、寫作與各種提問。
choose-code = 專為程式設計而作。
choose-maths = 專為數學而作。
choose-medicine = 專為醫學與生物學而作。
choose-study = 製作過程全部公開：資料、程式碼、紀錄與權重。
choose-general = 通用模型，這方面也能勝任。
choose-language = 懂您的語言。
choose-home = 專為您的語言而作。
choose-open = 製作過程全部公開：資料、程式碼、紀錄與權重。
choose-restricted = 它的授權條款（{ $licence }）並不允許所有用途。
choose-quick = 在這台電腦上每秒約寫 { $n } 個詞元，比閱讀還快。
choose-slow = 在這台電腦上每秒只能寫約 { $n } 個詞元。
choose-bytes = 下載與保存需要 { $bytes }。
choose-no-advice = 僅供學習研究：它不是醫生，不能當作健康建議。
