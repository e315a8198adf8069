
export{t as component}from"../chunks/DbcmpsEM.js";