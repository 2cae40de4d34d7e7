// In front of one TorchServe: takes the key that all API pods share and puts in its place the key
// that this TorchServe made for itself, which changes every half hour and differs in each pod.
// njs, the JavaScript of nginx.

import crypto from 'crypto';
import fs from 'fs';

const SHARED_KEY_FILE = '/run/secrets/torchserve/inference_key.json';
const OWN_KEY_FILE = '/run/torchserve/torchserve/inference_key.json';
const CANARY = '{"input_ids":[[0,2]]}';
const RENEWAL_TRIES = 20;
const RENEWAL_PAUSE_MS = 100;

function authorization(path) {
    return 'Bearer ' + JSON.parse(fs.readFileSync(path, 'utf8')).inference.key;
}

function digest(text) {
    return crypto.createHash('sha256').update(text).digest('hex');
}

// Digests are compared, so that the time of a comparison tells nothing of the key.
function isAccepted(given) {
    return digest(given || '') === digest(authorization(SHARED_KEY_FILE));
}

function pause(milliseconds) {
    return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

// A renewal makes the key before worthless a moment before the new one is in its file.
async function ask(r, options) {
    let reply;
    for (let tries = 0; tries < RENEWAL_TRIES; tries++) {
        r.variables.own_authorization = authorization(OWN_KEY_FILE);
        reply = await r.subrequest('/torchserve', options);
        const refused = reply.status === 400 && reply.responseText.includes('InvalidKeyException');
        if (!refused) {
            return reply;
        }
        await pause(RENEWAL_PAUSE_MS);
    }
    return reply;
}

async function predict(r) {
    try {
        if (!isAccepted(r.headersIn.Authorization)) {
            r.headersOut['Content-Type'] = 'application/json';
            r.return(400, '{"code":400,"type":"InvalidKeyException","message":"Token Authentication failed."}');
            return;
        }
        const reply = await ask(r, { method: 'POST' });
        r.headersOut['Content-Type'] = reply.headersOut['Content-Type'] || 'application/json';
        r.return(reply.status, reply.responseBuffer || '');
    } catch (error) {
        r.error('gateway: ' + error.message);
        r.return(503);
    }
}

// TorchServe says that it is healthy before a worker has loaded: only an answer shows that one has.
async function ready(r) {
    try {
        const reply = await ask(r, { method: 'POST', body: CANARY });
        r.return(reply.status === 200 ? 200 : 503);
    } catch (error) {
        r.return(503);
    }
}

export default { predict, ready };
