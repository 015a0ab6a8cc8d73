import { profile } from './recorded.ts';

/** Clients without a recording, modelled after their documentation: said in `source`. */
export const DEVICES = [
  profile({
    profile: 'sap-ccl',
    title: 'SAP ICM with default settings (CommonCryptoLib 8)',
    words: ['sap', 'icm_http', 'icm', 'abap', 'netweaver'],
    oldest: 'TLSv1',
    source:
      'modelled, no recording exists: SAP Note 510007 as quoted publicly, default HIGH:MEDIUM:+e3DES without ECDHE, no SNI',
    hello: '0301 0303 0',
    suites: '0035 002f 009d 009c 003d 003c 000a 00ff',
    extensions: '000d:0012060105010401030102010603050304030203',
  }),
];
