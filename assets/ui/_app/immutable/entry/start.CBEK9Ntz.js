
export{At as load_css,kt as start}from"../chunks/DbcmpsEM.js";