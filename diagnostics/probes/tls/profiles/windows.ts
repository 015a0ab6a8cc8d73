import { profile, simulation } from './recorded.ts';

/** Windows: Schannel, and .NET on it: hellos as they were recorded, in the notation of recorded.ts. */
export const WINDOWS = [
  profile({
    profile: 'schannel-xp',
    title: 'Windows XP, Windows CE (Schannel)',
    words: ['windows xp', 'win xp', 'windows ce', 'wince', 'ie 8', 'ie8'],
    oldest: 'SSLv3',
    source: simulation('IE 8 XP'),
    hello: '0301 0301 0',
    suites: '0004 0005 000a 0009 0064 0062 0003 0006 0013 0012 0063',
    extensions: 'ff01:00',
  }),
  profile({
    profile: 'dotnet-4',
    title: '.NET 3.5 to 4.5, Windows 7 with TLS 1.0 (Schannel)',
    words: ['.net 4', '.net 3', 'dotnet 4', '.net framework'],
    oldest: 'TLSv1',
    source: simulation('IE 8-10 Win 7'),
    hello: '0301 0301 0',
    suites: 'c014 c013 0035 002f c00a c009 0038 0032 000a 0013 0005 0004',
    extensions: '0000 0005:0100000000 000a:0006001700180019 000b:0100 ff01:00',
  }),
  profile({
    profile: 'schannel-win7',
    title: 'Windows 7, Server 2008 R2 (Schannel, TLS 1.2)',
    words: ['windows 7', 'win7', 'server 2008', '2008 r2', 'ie 11', 'ie11'],
    oldest: 'TLSv1',
    source: simulation('IE 11 Win 7'),
    hello: '0303 0303 0',
    suites:
      'c028 c027 c014 c013 009f 009e 009d 009c 003d 003c 0035 002f c02c c02b c024 c023 c00a c009 006a 0040 0038 0032 000a 0013',
    extensions:
      '0000 0005:0100000000 000a:000400170018 000b:0100 000d:0012060106030401050102010403050302030202 0017 ff01:00',
  }),
  profile({
    profile: 'schannel-win8.1',
    title: 'Windows 8.1, Server 2012 R2 (Schannel)',
    words: ['windows 8', 'server 2012'],
    oldest: 'TLSv1',
    source: simulation('IE 11 Win 8.1'),
    hello: '0303 0303 0',
    suites:
      'c028 c027 c014 c013 009f 009e 0039 0033 009d 009c 003d 003c 0035 002f c02c c02b c024 c023 c00a c009 006a 0040 0038 0032 000a 0013',
    extensions:
      '0000 0005:0100000000 000a:000400170018 000b:0100 000d:0012040105010601020104030503060302030202 0023 0010:001006737064792f3308687474702f312e31 3374 0017 ff01:00',
  }),
  profile({
    profile: 'schannel-win10',
    title: 'Windows 10, Server 2016 (Schannel)',
    words: ['windows 10', 'server 2016'],
    oldest: 'TLSv1',
    source: simulation('IE 11 Win 10'),
    hello: '0303 0303 0',
    suites:
      'c02c c02b c030 c02f 009f 009e c024 c023 c028 c027 c00a c009 c014 c013 0039 0033 009d 009c 003d 003c 0035 002f 000a 006a 0040 0038 0032 0013',
    extensions:
      '0000 0005:0100000000 000a:000400170018 000b:0100 000d:0012040105010201040305030203020206010603 0023 0010:000c02683208687474702f312e31 0017 5500:000100020002 ff01:00',
  }),
];
