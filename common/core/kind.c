#include "common/core/kind.h"

#include <stdio.h>
#include <string.h>

#include "common/base/text.h"

static const struct incident_kind kinds[] = {
    {"natural-disaster", "natural disaster", "自然灾害", CLASS_NATURAL},
    {"flood-drought", "flood or drought", "水旱灾害", CLASS_NATURAL},
    {"flood", "flood", "洪涝", CLASS_NATURAL},
    {"flash-flood", "flash flood", "山洪", CLASS_NATURAL},
    {"drought", "drought", "干旱", CLASS_NATURAL},
    {"meteorological", "weather disaster", "气象灾害", CLASS_NATURAL},
    {"typhoon", "typhoon", "台风", CLASS_NATURAL},
    {"rainstorm", "rainstorm", "暴雨", CLASS_NATURAL},
    {"snowstorm", "snowstorm", "暴雪", CLASS_NATURAL},
    {"cold-wave", "cold wave", "寒潮", CLASS_NATURAL},
    {"gale", "gale", "大风", CLASS_NATURAL},
    {"sandstorm", "sandstorm", "沙尘暴", CLASS_NATURAL},
    {"heat-wave", "heat wave", "高温", CLASS_NATURAL},
    {"hail", "hail", "冰雹", CLASS_NATURAL},
    {"lightning", "lightning", "雷电", CLASS_NATURAL},
    {"fog", "fog", "大雾", CLASS_NATURAL},
    {"earthquake", "earthquake", "地震", CLASS_NATURAL},
    {"geological", "geological disaster", "地质灾害", CLASS_NATURAL},
    {"landslide", "landslide", "滑坡", CLASS_NATURAL},
    {"rockfall", "rockfall", "崩塌", CLASS_NATURAL},
    {"debris-flow", "debris flow", "泥石流", CLASS_NATURAL},
    {"ground-collapse", "ground collapse", "地面塌陷", CLASS_NATURAL},
    {"marine", "marine disaster", "海洋灾害", CLASS_NATURAL},
    {"storm-surge", "storm surge", "风暴潮", CLASS_NATURAL},
    {"tsunami", "tsunami", "海啸", CLASS_NATURAL},
    {"red-tide", "red tide", "赤潮", CLASS_NATURAL},
    {"biological", "biological disaster", "生物灾害", CLASS_NATURAL},
    {"forest-grassland-fire", "forest or grassland fire", "森林草原火灾", CLASS_NATURAL},
    {"forest-fire", "forest fire", "森林火灾", CLASS_NATURAL},
    {"grassland-fire", "grassland fire", "草原火灾", CLASS_NATURAL},

    {"work-safety", "work-safety accident", "生产安全事故", CLASS_ACCIDENT},
    {"mine", "mine accident", "矿山事故", CLASS_ACCIDENT},
    {"coal-mine", "coal mine accident", "煤矿事故", CLASS_ACCIDENT},
    {"metal-nonmetal-mine", "metal or nonmetal mine accident", "金属非金属矿山事故", CLASS_ACCIDENT},
    {"hazardous-chemical", "hazardous chemical accident", "危险化学品事故", CLASS_ACCIDENT},
    {"fireworks", "fireworks accident", "烟花爆竹事故", CLASS_ACCIDENT},
    {"poisoning-asphyxiation", "poisoning or asphyxiation", "中毒和窒息事故", CLASS_ACCIDENT},
    {"construction", "construction accident", "建筑施工事故", CLASS_ACCIDENT},
    {"collapse", "collapse", "坍塌", CLASS_ACCIDENT},
    {"fire", "fire", "火灾", CLASS_ACCIDENT},
    {"explosion", "explosion", "爆炸", CLASS_ACCIDENT},
    {"traffic", "road traffic accident", "道路交通事故", CLASS_ACCIDENT},
    {"water-traffic", "water traffic accident", "水上交通事故", CLASS_ACCIDENT},
    {"railway", "railway accident", "铁路交通事故", CLASS_ACCIDENT},
    {"urban-rail", "urban rail accident", "城市轨道交通事故", CLASS_ACCIDENT},
    {"aviation", "civil aviation accident", "民航事故", CLASS_ACCIDENT},
    {"special-equipment", "special equipment accident", "特种设备事故", CLASS_ACCIDENT},
    {"public-facility", "accident of public facilities", "公共设施和设备事故", CLASS_ACCIDENT},
    {"gas-supply", "gas supply accident", "燃气事故", CLASS_ACCIDENT},
    {"power-outage", "large power outage", "大面积停电", CLASS_ACCIDENT},
    {"nuclear-radiation", "nuclear or radiation accident", "核与辐射事故", CLASS_ACCIDENT},
    {"environmental-pollution", "environmental pollution", "环境污染", CLASS_ACCIDENT},
    {"ecological-damage", "ecological damage", "生态破坏", CLASS_ACCIDENT},
    {"oil-spill", "oil spill at sea", "海上溢油", CLASS_ACCIDENT},

    {"public-health", "public health emergency", "突发公共卫生事件", CLASS_HEALTH},
    {"infectious-disease", "infectious disease", "传染病疫情", CLASS_HEALTH},
    {"unexplained-disease", "mass disease of unknown cause", "群体性不明原因疾病", CLASS_HEALTH},
    {"mass-poisoning", "mass poisoning", "群体性中毒", CLASS_HEALTH},
    {"food-safety", "food safety incident", "食品安全事故", CLASS_HEALTH},
    {"drug-safety", "drug safety incident", "药品安全事件", CLASS_HEALTH},
    {"occupational-harm", "occupational harm", "职业危害", CLASS_HEALTH},
    {"animal-epidemic", "animal epidemic", "动物疫情", CLASS_HEALTH},

    {"terrorist-attack", "terrorist attack", "恐怖袭击事件", CLASS_SECURITY},
    {"criminal-case", "criminal case", "刑事案件", CLASS_SECURITY},
    {"mass-incident", "mass incident", "群体性事件", CLASS_SECURITY},
    {"ethnic-religious", "ethnic or religious incident", "民族宗教事件", CLASS_SECURITY},
    {"foreign-related", "foreign-related incident", "涉外突发事件", CLASS_SECURITY},
    {"financial", "financial incident", "金融突发事件", CLASS_SECURITY},
    {"market-stability", "incident that unsettles the market", "影响市场稳定的突发事件", CLASS_SECURITY},

    {"medical", "medical emergency", "急救", CLASS_NONE},
    {"alarm", "alarm", "报警", CLASS_NONE},
    {"other", "other", "其他", CLASS_NONE},
    {NULL, NULL, NULL, CLASS_NONE},
};

const struct incident_kind *incident_kinds(void)
{
    return kinds;
}

const struct incident_kind *incident_kind_find(const char *word)
{
    for (const struct incident_kind *kind = kinds; kind->word != NULL; kind++) {
        if (strcmp(kind->word, word) == 0) {
            return kind;
        }
    }
    return NULL;
}

/* Bytes without what may stand behind a name: 危险化学品 is as good as 危险化学品事故. */
static size_t stem(const char *name)
{
    static const char *const ends[] = {"突发事件", "事故", "灾害", "事件", "疫情", NULL};
    size_t n = strlen(name);

    for (size_t i = 0; ends[i] != NULL; i++) {
        size_t end = strlen(ends[i]);
        if (n > end && strcmp(name + n - end, ends[i]) == 0) {
            return n - end;
        }
    }
    return n;
}

const struct incident_kind *incident_kind_find_zh(const char *name)
{
    size_t n = stem(name);

    for (const struct incident_kind *kind = kinds; kind->word != NULL; kind++) {
        if (stem(kind->zh) == n && strncmp(kind->zh, name, n) == 0) {
            return kind;
        }
    }
    return NULL;
}

/* Without what may stand behind a name, where `cut`: of short names that would be half of what is alike. */
static const struct incident_kind *near_zh(const char *name, bool cut)
{
    enum { NAME_MAX = 64 };
    char names[sizeof kinds / sizeof kinds[0]][NAME_MAX], word[NAME_MAX];
    const char *candidates[sizeof kinds / sizeof kinds[0]];
    size_t n = 0, length = cut ? stem(name) : strlen(name);

    if (length >= sizeof word) {
        return NULL;
    }
    (void)snprintf(word, sizeof word, "%.*s", (int)length, name);
    for (; kinds[n].word != NULL; n++) {
        length = cut ? stem(kinds[n].zh) : strlen(kinds[n].zh);
        (void)snprintf(names[n], sizeof names[n], "%.*s", (int)length, kinds[n].zh);
        candidates[n] = names[n];
    }
    candidates[n] = NULL;
    const char *near = text_nearest(word, candidates);
    for (size_t i = 0; i < n; i++) {
        if (near == candidates[i]) {
            return &kinds[i];
        }
    }
    return NULL;
}

const struct incident_kind *incident_kind_near_zh(const char *name)
{
    const struct incident_kind *kind = near_zh(name, true);

    return kind != NULL ? kind : near_zh(name, false);
}

const char *incident_kind_zh(const char *word)
{
    const struct incident_kind *kind = incident_kind_find(word);

    return kind != NULL ? kind->zh : word;
}

const char *incident_class_name(enum incident_class class)
{
    static const char *const names[] = {"", "natural", "accident", "health", "security"};

    return names[class];
}

const char *incident_class_name_zh(enum incident_class class)
{
    static const char *const names[] = {"", "自然灾害", "事故灾难", "公共卫生事件", "社会安全事件"};

    return names[class];
}

const char *order_kind_zh(const char *word)
{
    static const char *const names[][2] = {
        {"dispatch", "出动"},
        {"rescue", "搜救"},
        {"medical", "医疗救护"},
        {"cordon", "警戒封控"},
        {"traffic-control", "交通管制"},
        {"inspect", "现场检测"},
        {"monitoring", "环境监测"},
        {"supply", "物资保障"},
        {"shelter", "就地避险"},
        {"evacuate", "紧急撤离"},
        {"evacuate-public", "群众疏散"},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i][0], word) == 0) {
            return names[i][1];
        }
    }
    return word;
}
