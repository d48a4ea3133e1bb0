/* Every way to say no: one closed list, in order of precedence: the first that applies is given, with
 * two exceptions. What is compared with something else is refused when that is looked up, so CONFLICT
 * with what is there, and MODE that is not the incident's, come after RIGHT: who may not speak learns
 * nothing. And of a list's elements the first that is wrong is named. The numbers go over the wire and
 * into the log and are never used again for something else. */
#ifndef MUSTER_COMMON_CORE_REFUSAL_H
#define MUSTER_COMMON_CORE_REFUSAL_H

/* X(name, number, word, English, Chinese) */
#define REFUSAL_LIST(X)                                                                                      \
    /* the conversation */                                                                                   \
    X(REFUSED_VERSION, 1, "version", "this protocol version is not spoken here", "协议版本不受支持")         \
    X(REFUSED_FENCED, 2, "fenced", "records of this log are missing or damaged", "日志记录缺失或损坏")       \
    X(REFUSED_BUSY, 3, "busy", "too much at once, ask again later", "系统繁忙，请稍后重试")                  \
    X(REFUSED_DISK, 4, "disk", "the disk is full, nothing was kept", "磁盘已满，未保存")                     \
    /* the bytes and who signed them */                                                                      \
    X(REFUSED_INVALID, 5, "invalid", "not well-formed", "格式无效")                                          \
    X(REFUSED_IDENTITY, 6, "identity", "not enrolled, revoked, or speaking for another",                     \
      "身份未登记、已吊销或冒用")                                                                            \
    X(REFUSED_REGION, 7, "region", "meant for another region", "行政区不符")                                 \
    X(REFUSED_EPOCH, 8, "epoch", "meant for another epoch of the log", "日志纪元不符")                       \
    X(REFUSED_SIGNATURE, 9, "signature", "a signature is missing or wrong", "签名缺失或错误")                \
    X(REFUSED_STALE, 10, "stale", "this counter is past: send again under a new one",                        \
      "计数器已过期，请用新计数器重发")                                                                      \
    X(REFUSED_CONFLICT, 11, "conflict", "the same name with other content is there already",                 \
      "同一编号已有不同内容")                                                                                \
    X(REFUSED_MODE, 12, "mode", "the mode is not named, or not the incident's", "模式未注明或与事件不符")    \
    X(REFUSED_CLOCK, 13, "clock", "the author's clock is too far ahead", "发出方时钟超前过多")               \
    X(REFUSED_EXPIRED, 14, "expired", "past the time it named for itself", "已过有效期")                     \
    X(REFUSED_RIGHT, 15, "right", "without the right", "无此权限")                                           \
    X(REFUSED_SECOND_PERSON, 16, "second-person", "a second person's signature is needed", "需要第二人签名") \
    /* what it speaks of */                                                                                  \
    X(REFUSED_NO_INCIDENT, 17, "no-incident", "there is no such incident", "无此事件")                       \
    X(REFUSED_INCIDENT_CLOSED, 18, "incident-closed", "the incident is closed", "事件已结束")                \
    X(REFUSED_NO_ORDER, 19, "no-order", "there is no such order", "无此指令")                                \
    X(REFUSED_NO_ADDRESSEE, 20, "no-addressee", "nobody is enrolled under this address", "无此接收单位")     \
    X(REFUSED_ORDER_KIND, 21, "order-kind", "the policy knows no such kind of order", "无此指令类型")        \
    X(REFUSED_DEADLINE, 22, "deadline", "the deadlines do not fit", "时限不合理")                            \
    X(REFUSED_NOT_ADDRESSEE, 23, "not-addressee", "the order is not addressed to this agent",                \
      "非该指令接收方")                                                                                      \
    X(REFUSED_ORDER_ENDED, 24, "order-ended", "the order has its outcome already", "指令已有结果")           \
    X(REFUSED_RUNG_BACK, 25, "rung-back", "a rung is never taken back", "不可退回上一环节")                  \
    X(REFUSED_HEAD_COUNT, 26, "head-count", "an evacuation is completed with a head-count",                  \
      "紧急撤离须报清点人数")                                                                                \
    X(REFUSED_NO_AMENDMENT, 27, "no-amendment", "the order has no such amendment", "无此补充指令")           \
    X(REFUSED_NOBODY_ON_SCENE, 28, "nobody-on-scene", "nobody is on scene", "现场无人员")                    \
    X(REFUSED_OPEN_ORDERS, 29, "open-orders", "orders of the incident are still open", "仍有未结指令")       \
    X(REFUSED_REFERENCE, 30, "reference", "a position names no reference system", "坐标未注明坐标系")        \
    X(REFUSED_TOO_MANY, 31, "too-many", "more than the limit", "超过上限")                                   \
    X(REFUSED_FOUNDING, 32, "founding", "the region is founded once, and first", "辖区须首先且仅建立一次")   \
    X(REFUSED_MERGED, 33, "merged", "the incident was merged into another", "该事件已并入其他事件")          \
    X(REFUSED_NO_POST, 34, "no-post", "there is no such command post, or it is not offered",                 \
      "无现场指挥部，或未提出移交")                                                                          \
    X(REFUSED_NOT_MERGED, 35, "not-merged", "the incident is not merged into another", "该事件未并入其他事件")

enum refusal {
    REFUSED_NOT = 0,
#define REFUSAL_ENUM(name, number, word, english, chinese) name = (number),
    REFUSAL_LIST(REFUSAL_ENUM)
#undef REFUSAL_ENUM
};

/* One word, as --json and the log's readers show it; "?" for an unknown number. */
const char *refusal_word(enum refusal refusal);
const char *refusal_text(enum refusal refusal);
const char *refusal_text_zh(enum refusal refusal);

#endif
