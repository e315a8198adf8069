
export{t as component}from"../chunks/CspRlXxi.js";