//! The RSA keys of the simulated identity provider: base64 of PKCS#8 in DER.
//!
//! **These are test keys, known to everybody who reads this.** They were made for this repository with
//! `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048`, sign for nobody but a provider that exists in
//! simulations only, and must never be trusted by anything else. They are fixed because making an RSA key from a seed
//! would cost more than everything else in a run.

/// The key of the first generation, and of every second one.
pub(super) const FIRST: &str = "\
    MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDgXrQqXdbJhBahqRET3DWhfNYHYinbJyWzm8EX4rYT8DBIDUA6\
    uhv/55PJZHT9Zfe9+0F56oEBPONX1GgGMtBmzBiNnYskN1AktpmwDdPGbDOlkYbetRaz7ufh/AV7TKb/Kt1pl3gtgKMj1O/eWLEJ\
    PSFDN2myu5n8wnficzye8sXEITlqpZC3KLdyKoxvKRQ2lGd9eYnbD/QDwoZIxSKnupB5xJpUYjW6EwHAjEm3zP7UqmnANABIAdfR\
    hK7+BcM16RjtNdiFQnCmtLKMoh7TauvQAF/1jRBWV893DBliAQ5IamAhVVaH+5kcLffzspaSwugzFPJxo7A/P3oCSpZXAgMBAAEC\
    ggEAWLMHzaHoWiUWX1V7k1rgdtVntWaIvoMk4/LkrKErMwmmxK08YZsWm528robAuzZ28MumEGD1G/yqsZuefijTe3gfEskf6zLU\
    w5bOfiuRN6Wp6z/zThLQBVUipZOgxSRB9qlG+8nuMCrlE7LIGyH75vecMTr0VbzVfPeSNlsxMXJxkOJGVntfvZr7G6OfjHvwuxe6\
    yleNx4bufkmdcgqwwryyCfczpcsJ5AJzXYQ8IhC37jU0LyNATyYT+QVj00Y6oDhmbs6F0SSmegFIOXIcCSJ7VfuAkIl/xkIFqEqg\
    AaykHaFD1q2hYxB4ZwAgV6B/jxFW8TEQjG/NN15vXJfX7QKBgQD9qsvIxPZb1oUjQPAbnV1p8Ff7qpRXFPDV2e41qU8osQ4tHf4J\
    sC3uMqIM7CIWh94EI0UCveQTJMArOUPqPoQ9GZI67NdF85uY4D1+C2egl2yHJLzVokijaEB1+lESVezoPvihhWeVnrpeaTygc0qa\
    ZmLXVQiP3GVydbYjSe/4rQKBgQDibu8NOkvgV2fRIbkLDMKWXnCS6XwRqsThS3K5QWNc2kQi/NPS95ozCRmvLzHjFugWXX7uSlW9\
    5J9ZYGhIrTS4bMUSle/9KapJAlds/yrgYRJc5eOTiK2SADCs2r1n6C4J5zkQHMvMD1KOSru28aNkbSVPEUfqUTgoe3c9U2xXkwKB\
    gFn31ccjdG0mLJpQUdi5e4QzZkEwQuSP3Ms8PCx0HEtGYMzHsm4lOmUdODR1G7H6BlhZWgSa7OWNR0sNSHUwLx6sjxyvG7sHp8wU\
    3Dp0ORDQJAHamc77e9/Y/ePaIB7sstW8X9qJwi9i2J7bnFEcEv2oCq5szliXxrNN5IenlaERAoGBAOBKjIaoyUIWsmJoqhf08sbq\
    E06i8t+5LT4RczloONlf5wBVOimOU/Lbv9JUyHCuXwTQZgv6HAZ2cRWiNopO75sDOw7W8Jrv65pYNGtmMn2CCiN1IEEisPOfNpfy\
    MI29YeUzYcXBEGo4f0ktY9Wqc3Pl3X/9mSPUgfEvo4Ren0H7AoGAIDRIm2s/bX8sxZLRwGeco9g9m3hg/4x3plB78xfwThzDxTNw\
    tk4Anoh7qzntX8nQBZ8QmUd69obUVSDq1hS4xS3ciKJJWuv+dReWiEFQI4kJA0WmhpL1GHCEsomHbqXYMEFSZ9zByycYu94AOGYE\
    DVtfK9L3rLGtkUXPCr2FvT0=";

/// The key of the other generations.
pub(super) const SECOND: &str = "\
    MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCmSh9CYDWD6rwbT5LcL+7/LgWjTOAnBRee3pYGwyk6CUIo9qnU\
    BethYrVV6FcvAlidAte7ZbMxLXkix7bjDwdyfwCCqX/mmEBGdJU/wxBbzPdfAXSA0SsbHTtFtlio3I1TMJQ5j8DC/bBkVZhkR6ms\
    9ESPS7qibKlv54SB2qtsvSrMMttQwaI0t/YThCo9L97dvWrNeYBBlLM8tFx4nIaKUxExLzBsgoFPyUua1XpUsy6MqkZO1gvQbcBy\
    NxCg2Qa3DbGKUjLHxmzlftfsrf9ttLFcexXjuEkP0D8/aNakhsbIfF25NXohw6+ZjnYdHo2uYz0ocZRTbqKYqIUgGxq9AgMBAAEC\
    ggEAJFEh3JQ4e9QDOw+46j/JuY9qicybU8pH61l/eICc+2DUQzADzRtx2bX+FoIEsG6ZvcjGJtZCOWZOA2uMpLA+lyHnkaHFHi54\
    Myr5AZDvfK0aBXTC5fNIr8ZFkKcPW+m3L8j3Rk7/8VYIdRFAk/4Wr4A1jPokC58hrh/pD5cbQ0b+z6ZBhspDiw9XPiRcLLkc1wTB\
    gtlr+lJxp8C6lhkMLXSggzs7k2iUhAP5i2duFIhngJUr2iYFTnIHPtKMSHYLE1ytc1yN/NMr5uhTkNAYp9ZPOKqh5CSxxoLuw4jv\
    bUaXIiSftdie3yIVT+JdGSfLo6VGc4WUc3GO2X2xrUbawQKBgQDazxmkOZ+u0MTINeCE3v/Ut9X6NN+YmGCFm+MuCjEsj6PSlmC3\
    mC68NjPvr58cWwIZ6WlXB4rDCsOfy463UEDJR9RwUh/FJJf3leZ6LElWnvNpdVRATcTIx5z+9Fkb8HSFJNyk2g/r3BifmqxVsuw1\
    3z35hPOItlB7SAuSkKztbQKBgQDCjcadgPwZLWsG2R8I4hvD0Y/KLOlpGvfU8loOPWsvgl65G3tXkXMEkO1GnChM12VZ8hCCi3WT\
    faZy1s9bI5aMknH98z86cP2wPkulOInV707Pel9lsiogOzz54t0qrtAEkFRWAhuLc1l1lni5xs+5Yut9wNxAJN8C5gD2TIcgkQKB\
    gQCA9SgWmwOaw14G5YICrW84DnTlNv5E8CGK/Toia01aBvo1Zf1wlxeMQ6HOdMIgsx6E6QT1jvNgSlrLNexR69GTD2uMG0qwJQYP\
    nGAuxyUeESZClCzojS0abFMCDD7scYYq5nPIEODrUFeO0VkaVQ5UHdNn2MyzWUgLsIVphyzz7QKBgETf7h1aSWUcaBRPjyYU7eFf\
    8fiP973G10/i0DDUW3rBO4lqijrQ+hf2uplRtQ6m/nFeOawNdP1W8TMciuHn8mcnfQV7NLoawCTBmQQPxPQguRTIbLdS4Ijyj76j\
    KsrugiPreH/OVTQEDPqM34ZdNLKbq2SkfxSSOQUMqfCH3RqRAoGATN/ZU2LhmqcgxUZDLq15iTeJf9yav3ioUj7fmTLod75nA1QK\
    8Kvhm94S/A59ARG4KVfrpmkcvS+kW/nZ3YzPEo0EQL1lLKrBVJvMvZbPPK1XThLYbs6rXLRqEH79rfX80zBLuVBLcDnpn2Kexc+l\
    0Wgyfk4g8n7aiw9EVyI2rS0=";
