import { profile, simulation } from './recorded.ts';

/** Android: hellos as they were recorded, in the notation of recorded.ts. */
export const ANDROID = [
  profile({
    profile: 'android-2.3',
    title: 'Android 2.3.7',
    words: ['android 2'],
    oldest: 'SSLv3',
    source: simulation('Android 2.3.7'),
    hello: '0301 0301 0',
    suites: '0004 0005 002f 0033 0032 000a 0016 0013 0009 0015 0012 0003 0008 0014 0011 00ff',
    extensions: null,
  }),
  profile({
    profile: 'android-4.0',
    title: 'Android 4.0.4',
    words: ['android 4.0'],
    oldest: 'SSLv3',
    source: simulation('Android 4.0.4'),
    hello: '0301 0301 0',
    suites:
      'c014 c00a 0039 0038 c00f c005 0035 c012 c008 0016 0013 c00d c003 000a c013 c009 0033 0032 c00e c004 002f c011 c007 c00c c002 0005 0004 00ff',
    compression: '0100',
    extensions:
      '0000 000b:03000102 000a:0032000100020003000400050006000700080009000a000b000c000d000e000f0010001100120013001400150016001700180019 0023 3374',
  }),
  profile({
    profile: 'android-4.1',
    title: 'Android 4.1 to 4.3',
    words: ['android 4.1', 'android 4.2', 'android 4.3'],
    oldest: 'SSLv3',
    source: simulation('Android 4.1.1'),
    hello: '0301 0301 0',
    suites:
      'c014 c00a c022 c021 0039 0038 c00f c005 0035 c012 c008 c01c c01b 0016 0013 c00d c003 000a c013 c009 c01f c01e 0033 0032 c00e c004 002f c011 c007 c00c c002 0005 0004 00ff',
    compression: '0100',
    extensions:
      '0000 000b:03000102 000a:0032000e000d0019000b000c00180009000a00160017000800060007001400150004000500120013000100020003000f00100011 0023 000f:01 3374',
  }),
  profile({
    profile: 'android-4.4',
    title: 'Android 4.4.2',
    words: ['android 4.4', 'android 4', 'old android', 'handheld'],
    oldest: 'SSLv3',
    source: simulation('Android 4.4.2'),
    hello: '0301 0303 0',
    suites:
      'c030 c02c c014 c00a 00a3 009f 006b 006a 0039 0038 009d 003d 0035 c012 c008 0016 0013 000a c02f c02b c027 c023 c013 c009 00a2 009e 0067 0040 0033 0032 009c 003c 002f c011 c007 0005 0004 00ff',
    extensions:
      '0000 000b:0100 000a:0006001900180017 0023 000d:00200601060206030501050205030401040204030301030203030201020202030101 3374',
  }),
  profile({
    profile: 'android-5',
    title: 'Android 5.0',
    words: ['android 5'],
    oldest: 'SSLv3',
    source: simulation('Android 5.0.0'),
    hello: '0301 0303 0',
    suites:
      'cc14 cc13 cc15 c014 c00a 0039 0038 0035 c012 c008 0016 0013 000a c02f c02b c013 c009 00a2 009e 0033 0032 009c 002f c011 c007 0005 0004 00ff',
    extensions:
      '0000 0023 000d:00200601060206030501050205030401040204030301030203030201020202030101 3374 000b:0100 000a:0006001900180017',
  }),
  profile({
    profile: 'android-7',
    title: 'Android 7.0',
    words: ['android 7'],
    oldest: 'TLSv1',
    source: simulation('Android 7.0 (native)'),
    hello: '0301 0303 0',
    suites: 'c02b c02c cca9 c02f c030 cca8 c013 c014 009c 009d 002f 0035',
    extensions:
      'ff01:00 0000 0017 0023 000d:00140601060305010503040104030301030302010203 0010:000c02683208687474702f312e31 000b:0100 000a:00020017',
  }),
  profile({
    profile: 'android-10',
    title: 'Android 10',
    words: ['android 10'],
    oldest: 'TLSv1',
    source: simulation('Android 10.0 (native)'),
    hello: '0301 0303 32',
    suites: '3a3a 1301 1302 1303 c02b c02f c02c c030 cca9 cca8 c013 c014 009c 009d 002f 0035 000a',
    extensions:
      '9a9a 0000 0017 ff01:00 000a:0008aaaa001d00170018 000b:0100 0023 0010:000c02683208687474702f312e31 0005:0100000000 000d:0012040308040401050308050501080606010201 0012 0033=aaaa,001d 002d:0101 002b:0a2a2a0304030303020301 001b:020002 caca:00 0015=184',
  }),
  profile({
    profile: 'android-15',
    title: 'Android 15 and 16',
    words: ['android 15', 'android 16'],
    oldest: 'TLSv1.2',
    source: simulation('Android 15/16 (native)'),
    hello: '0301 0303 32',
    suites: '1a1a 1301 1302 1303 c02b c02f c02c c030 cca9 cca8 c013 c014 009c 009d 002f 0035',
    extensions:
      '9a9a 0005:0100000000 000b:0100 44cd:0003026832 0017 002b:06eaea03040303 002d:0101 0000 001b:020002 0023 0010:000c02683208687474702f312e31 0012 000a:000a3a3a11ec001d00170018 fe0d=218 000d:001004030804040105030805050108060601 0033=3a3a,11ec,001d ff01:00 6a6a:00 0029:01a5019f02e416892a2f1f90b8c577cb046e05e5df038964982ae7b5b00f2450f97b2820b6a503d15f01fd0e8abe4ab5bfe3383af1fed6b5efd49450f1b773050ed43c8d4623b7d61b9ba793ed8ac81530bf3630efc169e883047220d8b7cc3290375cf03a69217648b952c2c3635f8c1f713d175e0032846f1e8887e75485561dcf7cff2555ed833a4fa236df7cdf971eb6e186213d0779c6eeae1777582a0300a2668cfc948881278534c2e3c102667c8c84325e3d5e31efbae0fdcf31347540e03d8f3c3cbb94a113df6dbf9ae2bc54d14e27dd92cf0eb708e7c5ce73aec09c0f1e006110af1c9ffe2f41cca0982db2d0e329fe6296f65b1d3d9c9bf55d88cd97fb1361c5c86a71f704b56819a5d0266d4214379df7ce093297ab2eddb69c3275c4cb98f25e4ba1849e81d7eccc52294c6aba5f750e5c5c1d41be5f42008870780b86d340108e6ef3c29362a678896d376245418ac27de83e8de2ea309bd294d510a032ff47b5651bf2a8f53fd0bdf5b569576ef6b1ea249e3f2f4a88fdd99d54ce5b53d6935f1dcb4bb6ffeac2ad08f1d8882d54240048414d6a2b7a3e8a0e04cc81ca531600212096370dc60f1571e843667259d4e4eccda96828a23587ecde81ad55262c4c5968',
  }),
];
