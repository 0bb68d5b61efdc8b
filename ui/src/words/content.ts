// Which language a piece of text is in, as far as the choice of a font needs it.

// Characters that are written in one of the two scripts only: pairs at the same place.
const SIMPLIFIED =
  "们这来国说时对会学为还没过动问开关长门间见现话语请谢让认识读写书买卖东车马鸟鱼龙爱风飞机乐乡习讲论设计许诉词译该详误课谁调谈变边达运进远连迟选适遗邻电脑网络级结给线纪纯组经绝统续维编缩缓罗罢节艺苏药营蓝处备头夺奖奋妇妈娱孙宁实宝审宪宫宽宾寻导将尔尝尽层属岁岛币师帐带帮广庆库应庙庞废张弹归当录彻忆忧怀态总恋恶悬惊惧惯愤愿戏战扑执扩扫扬扰抚抛抢护报担择换据损摄敌数断无旧显暂术杀杂权条杨极构标栏树样桥检欢残毕汇汉汤沟泪泽洁测济浏浓涛润涨渐渔湾湿满滚滤灭灯灵灾炉点炼热烧烦爷牵犹狱独狮猎猪献环玛画畅疗疯监盖盘码确础离种积称稳穷窃竞笔筑简签类粮紧纠红约纤纷纸织终绍绘绿绪绳缘罚职联聪肃肠肤肾脏脸舰艰荐虑虽蚀补装视览觉规触订训议讯记讽访证评诊试诗诚诞询诸诺谋谓谜谱贝负财责败货质贩贫购贯贴贵贷费贺资赏赔赖赛赞趋跃踪轨转轮软轰轻载较辅辆辈输辑辩农迁迈违郑酱释鉴针钟钢钱铁铅银销锁错锋锦键镇镜闪闭闲闷闹闻阅队阳阴阵阶际陆陈险随隐难雾韩页顶项顺须顾顿预领频题颜额饭饮饰馆驱驳驶验骑鲜鸡鸭麦齐龄个两严丧丰临举义乌亏亚产亲亿仅仓仪价优伙伞伟传伤伦伪侠侦侧债倾偿储儿兑兰兴养兽冈册军冲决况冻净凉减凤凭击划则刚创删剑剂剧劝办务励劲劳势华协单卫却厂厅历厉压厌厕县参双发叠号叹吓吗启员呕响哑唤啸喷嘱团园围图圆圣场坏块坚坛坟坠垄垒垦壮声壳壶够";
const TRADITIONAL =
  "們這來國說時對會學為還沒過動問開關長門間見現話語請謝讓認識讀寫書買賣東車馬鳥魚龍愛風飛機樂鄉習講論設計許訴詞譯該詳誤課誰調談變邊達運進遠連遲選適遺鄰電腦網絡級結給線紀純組經絕統續維編縮緩羅罷節藝蘇藥營藍處備頭奪獎奮婦媽娛孫寧實寶審憲宮寬賓尋導將爾嘗盡層屬歲島幣師帳帶幫廣慶庫應廟龐廢張彈歸當錄徹憶憂懷態總戀惡懸驚懼慣憤願戲戰撲執擴掃揚擾撫拋搶護報擔擇換據損攝敵數斷無舊顯暫術殺雜權條楊極構標欄樹樣橋檢歡殘畢匯漢湯溝淚澤潔測濟瀏濃濤潤漲漸漁灣濕滿滾濾滅燈靈災爐點煉熱燒煩爺牽猶獄獨獅獵豬獻環瑪畫暢療瘋監蓋盤碼確礎離種積稱穩窮竊競筆築簡簽類糧緊糾紅約纖紛紙織終紹繪綠緒繩緣罰職聯聰肅腸膚腎臟臉艦艱薦慮雖蝕補裝視覽覺規觸訂訓議訊記諷訪證評診試詩誠誕詢諸諾謀謂謎譜貝負財責敗貨質販貧購貫貼貴貸費賀資賞賠賴賽贊趨躍蹤軌轉輪軟轟輕載較輔輛輩輸輯辯農遷邁違鄭醬釋鑑針鐘鋼錢鐵鉛銀銷鎖錯鋒錦鍵鎮鏡閃閉閒悶鬧聞閱隊陽陰陣階際陸陳險隨隱難霧韓頁頂項順須顧頓預領頻題顏額飯飲飾館驅駁駛驗騎鮮雞鴨麥齊齡個兩嚴喪豐臨舉義烏虧亞產親億僅倉儀價優夥傘偉傳傷倫偽俠偵側債傾償儲兒兌蘭興養獸岡冊軍衝決況凍淨涼減鳳憑擊劃則剛創刪劍劑劇勸辦務勵勁勞勢華協單衛卻廠廳歷厲壓厭廁縣參雙發疊號嘆嚇嗎啟員嘔響啞喚嘯噴囑團園圍圖圓聖場壞塊堅壇墳墜壟壘墾壯聲殼壺夠";

/** Characters that also stand in the other script, though rarely or as another word. */
const SHARED = new Set("伙划冲干后里面台只谷松准采制于着群");

export const simplifiedOnly = new Set([...SIMPLIFIED].filter((c, i) => c !== TRADITIONAL[i] && !SHARED.has(c)));
export const traditionalOnly = new Set([...TRADITIONAL].filter((c, i) => c !== SIMPLIFIED[i] && !SHARED.has(c)));

const ENOUGH = 2000;

/**
 * The `lang` of a text: by its kana, hangul or Han characters. Han characters that both scripts share
 * give `fallback` where that is a language written with them. Text without any of these: "" (unknown).
 */
export function languageOf(text: string, fallback: string): string {
  let han = 0;
  let simplified = 0;
  let traditional = 0;
  let seen = 0;
  for (const c of text) {
    if (++seen > ENOUGH) break;
    if (c < "\u1100") continue;
    if (/[\u3041-\u3096\u30a1-\u30fa\u31f0-\u31ff\uff66-\uff9f]/.test(c)) return "ja";
    if (/[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]/.test(c)) return "ko";
    if (!/\p{Script=Han}/u.test(c)) continue;
    han += 1;
    if (simplifiedOnly.has(c)) simplified += 1;
    else if (traditionalOnly.has(c)) traditional += 1;
  }
  if (han === 0) return "";
  if (simplified > traditional) return "zh-Hans";
  if (traditional > simplified) return "zh-Hant";
  return /^(zh|ja|ko)/.test(fallback) ? fallback : "zh-Hans";
}
