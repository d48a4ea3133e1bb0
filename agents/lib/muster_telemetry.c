/* Telemetry in the public header's words. */
#include <stdlib.h>

#include "agents/lib/muster_private.h"

static int32_t e7(double degrees)
{
    return (int32_t)(degrees * 1e7 + (degrees < 0 ? -0.5 : 0.5));
}

static int to_sample(const struct muster_sample *from, size_t i, struct sample *ret, struct err *err)
{
    double lat = from->latitude, lon = from->longitude;
    bool is_position = from->datum != MUSTER_NO_POSITION;

    if (is_position && !(lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180)) {
        return err_set(err, ERR_DATA, "samples[%zu]: a position is given in degrees", i);
    }
    *ret = (struct sample){.unit = from->unit,
                           .name = from->name,
                           .at_ms = from->at_ms,
                           .mode = (enum mode)from->mode,
                           .reading = {.present = !is_position,
                                       .value = is_position ? 0 : from->value,
                                       .exponent = is_position ? 0 : from->exponent,
                                       .unit_of_measure = is_position ? "" : from->unit_of_measure}};
    if (is_position) {
        ret->position = (struct position){.present = true,
                                          .datum = (enum datum)from->datum,
                                          .latitude_e7 = e7(lat),
                                          .longitude_e7 = e7(lon),
                                          .accuracy_m = from->accuracy_m};
    }
    return 0;
}

int muster_publish(struct muster *muster, const struct muster_sample *samples, size_t n)
{
    struct sample *said = calloc(n ? n : 1, sizeof *said);
    struct err err = {0};
    int rc = said ? 0 : ERR_NO_MEMORY;

    for (size_t i = 0; i < n && !rc; i++) {
        rc = to_sample(&samples[i], i, &said[i], &err);
    }
    rc = rc ? rc : client_publish(link_client(muster->link), said, n, &err);
    free(said);
    return handle_done(muster, rc, &err);
}

int muster_subscribe(struct muster *muster, const char *source, enum muster_mode mode)
{
    struct subscribe said = {.source = source, .mode = (enum mode)mode};
    struct err err = {0};

    return handle_done(muster, client_subscribe(link_client(muster->link), &said, &err), &err);
}

int muster_unsubscribe(struct muster *muster)
{
    struct err err = {0};

    return handle_done(
        muster, client_subscribe(link_client(muster->link), &(struct subscribe){.end = true}, &err), &err);
}

void handle_give_telemetry(void *ctx, const struct telemetry *telemetry)
{
    struct muster *muster = ctx;
    struct muster_sample samples[SAMPLES_MAX];

    for (size_t i = 0; i < telemetry->samples_n; i++) {
        const struct sample *from = &telemetry->samples[i];

        samples[i] = (struct muster_sample){
            .agent = from->agent,
            .unit = from->unit,
            .name = from->name,
            .at_ms = from->at_ms,
            .mode = (enum muster_mode)from->mode,
            .datum = from->position.present ? (enum muster_datum)from->position.datum : MUSTER_NO_POSITION,
            .latitude = from->position.latitude_e7 / 1e7,
            .longitude = from->position.longitude_e7 / 1e7,
            .accuracy_m = from->position.accuracy_m,
            .value = from->reading.value,
            .exponent = from->reading.exponent,
            .unit_of_measure = from->reading.present ? from->reading.unit_of_measure : "",
        };
    }
    if (muster->telemetry.on_telemetry) {
        muster->telemetry.on_telemetry(muster->ctx, samples, telemetry->samples_n);
    }
}

void handle_give_telemetry_refused(void *ctx, const struct telemetry_refused *refused)
{
    struct muster *muster = ctx;
    const char *text =
        refused->detail && refused->detail[0] != '\0' ? refused->detail : refusal_text(refused->refusal);

    if (muster->telemetry.on_refused) {
        muster->telemetry.on_refused(muster->ctx, refused->subscription, refusal_word(refused->refusal),
                                     text);
    }
}
