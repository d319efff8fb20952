/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"

/* A first byte from `first` to `last` wants so many more, the next of them within [low, high]. */
static const struct {
    uint8_t first;
    uint8_t last;
    uint8_t n_more;
    uint8_t low;
    uint8_t high;
} forms[] = {
    { 0x00, 0x7f, 0, 0x80, 0xbf }, { 0xc2, 0xdf, 1, 0x80, 0xbf }, { 0xe0, 0xe0, 2, 0xa0, 0xbf },
    { 0xe1, 0xec, 2, 0x80, 0xbf }, { 0xed, 0xed, 2, 0x80, 0x9f }, { 0xee, 0xef, 2, 0x80, 0xbf },
    { 0xf0, 0xf0, 3, 0x90, 0xbf }, { 0xf1, 0xf3, 3, 0x80, 0xbf }, { 0xf4, 0xf4, 3, 0x80, 0x8f },
};

/* Bytes that the character at the start takes; 0: there is none. */
static size_t character_b(const uint8_t *bytes, size_t n_bytes)
{
    size_t i = 0;

    while (i < AR_ARRAY_LEN(forms) &&
           !(bytes[0] >= forms[i].first && bytes[0] <= forms[i].last))
        i++;
    if (i == AR_ARRAY_LEN(forms) || n_bytes <= forms[i].n_more)
        return 0;
    for (size_t k = 1; k <= forms[i].n_more; k++) {
        const uint8_t low = k == 1 ? forms[i].low : 0x80;
        const uint8_t high = k == 1 ? forms[i].high : 0xbf;

        if (bytes[k] < low || bytes[k] > high)
            return 0;
    }
    return 1u + forms[i].n_more;
}

bool ar_utf8_is_valid(const char *text, size_t text_b)
{
    const uint8_t *bytes = (const uint8_t *)text;

    while (text_b > 0) {
        const size_t size_b = character_b(bytes, text_b);

        if (size_b == 0)
            return false;
        bytes += size_b;
        text_b -= size_b;
    }
    return true;
}

#define CUT "..."

void ar_utf8_quote(char *quoted, size_t quoted_b, const char *text)
{
    const size_t text_b = strlen(text);
    const size_t room_b = text_b < quoted_b ? text_b : quoted_b - sizeof(CUT);
    const uint8_t *bytes = (const uint8_t *)text;
    size_t used_b = 0;

    while (used_b < room_b) {
        const size_t size_b = character_b(bytes + used_b, text_b - used_b);

        if (size_b > room_b - used_b)
            break;
        if (size_b == 0 || bytes[used_b] < 0x20 || bytes[used_b] == 0x7f)
            quoted[used_b++] = '?';
        else
            for (size_t i = 0; i < size_b; i++, used_b++)
                quoted[used_b] = text[used_b];
    }
    snprintf(quoted + used_b, quoted_b - used_b, "%s", used_b < text_b ? CUT : "");
}
