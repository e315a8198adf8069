
export{t as component}from"../chunks/LTcsQb76.js";