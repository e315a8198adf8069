
export{t as component}from"../chunks/DU7mPV6B.js";